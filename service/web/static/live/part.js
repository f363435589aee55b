// Keeps a part of the page as the server would render it now, touching only what differs.
import { localize } from "./times.js";

export class Part {
  /**
   * @param {HTMLElement} root its data-part names it to the server
   * @param {number} leastMs between two requests, however often one is asked for
   */
  constructor(root, leastMs) {
    this.root = root;
    this.leastMs = leastMs;
    this.askedMs = performance.now();
    this.timer = 0;
    this.dueMs = 0;
    this.asking = null;
    this.told = new WeakMap();
    this.remember(root);
  }

  /** Ask for the part soon; many wishes become one request, at the time of the most urgent. */
  want(withinMs = this.leastMs) {
    const dueMs = this.askedMs + withinMs;
    if (this.timer && dueMs >= this.dueMs) return;
    clearTimeout(this.timer);
    this.dueMs = dueMs;
    this.timer = setTimeout(() => this.load(), Math.max(0, dueMs - performance.now()));
  }

  async load() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.askedMs = performance.now();
    this.asking?.abort();
    this.asking = new AbortController();
    const address = new URL(location.href);
    address.searchParams.set("part", this.root.dataset.part);
    try {
      const answer = await fetch(address, { signal: this.asking.signal, headers: { accept: "text/html" } });
      if (answer.redirected) location.reload(); // to the login page
      else if (answer.ok) this.show(await answer.text());
    } catch (error) {
      if (error.name !== "AbortError" && !(error instanceof TypeError)) throw error;
    }
  }

  show(html) {
    const fresh = document.createElement("template");
    fresh.innerHTML = html;
    const focused = this.root.contains(document.activeElement) ? document.activeElement.closest("[data-key]") : null;
    const place = focused && [focused.dataset.key, tabbable(focused).indexOf(document.activeElement)];
    this.match(this.root, fresh.content);
    localize(this.root);
    if (place && !this.root.contains(document.activeElement)) this.refocus(...place);
    this.root.dispatchEvent(new Event("shown"));
  }

  // Children that bear keys are matched by them; one whose text from the server is the same stays untouched.
  match(old, fresh) {
    const known = new Map();
    for (const child of [...old.children]) {
      if (child.dataset.key) known.set(child.dataset.key, child);
    }
    let place = old.firstElementChild;
    for (const child of [...fresh.children]) {
      const before = known.get(child.dataset.key);
      known.delete(child.dataset.key);
      const kept = before && this.merged(before, child) ? before : this.taken(child);
      if (before && kept !== before) {
        if (place === before) place = before.nextElementSibling;
        before.remove();
      }
      if (kept === place) place = place.nextElementSibling;
      else old.insertBefore(kept, place);
    }
    while (place) {
      const next = place.nextElementSibling;
      place.remove();
      place = next;
    }
  }

  // Bring an element up to date from within; false where it has no keys within, and is to be replaced whole.
  merged(before, child) {
    if (this.told.get(before) === child.outerHTML) return true;
    const [home, fresh] = [before, child].map((element) => element.querySelector(":scope > tbody") ?? element);
    if (before.tagName !== child.tagName || !fresh.querySelector(":scope > [data-key]")) return false;
    this.told.set(before, child.outerHTML);
    this.match(home, fresh);
    return true;
  }

  taken(child) {
    this.remember(child);
    return child;
  }

  remember(root) {
    for (const element of [root, ...root.querySelectorAll("[data-key]")]) this.told.set(element, element.outerHTML);
  }

  refocus(key, index) {
    const home = this.root.querySelector(`[data-key="${CSS.escape(key)}"]`);
    (home && (tabbable(home)[index] ?? tabbable(home)[0]))?.focus({ preventScroll: true });
  }
}

function tabbable(root) {
  return [...root.querySelectorAll("a[href], button:not([disabled]), input:not([type=hidden]), summary")];
}
