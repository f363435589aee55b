// A form whose results are replaced while it is typed in, and go on when their end is seen. Without it, it is a form.
import { nameLanguages } from "/static/languages.js";
import { localize } from "/static/live/times.js";
import { Place } from "/static/place.js";

const QUIET_MS = 180;

export class LiveResults {
  constructor(form, results, { address, typing = true, links = "" }) {
    this.form = form;
    this.results = results;
    this.address = address;
    this.links = links;
    this.asking = null;
    this.going = null;
    this.typed = false;
    this.pages = 1;
    this.place = new Place(this);
    this.ending = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && this.goOn(), {
      rootMargin: "600px",
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.show(address(form));
    });
    form.addEventListener("change", (event) => event.target.type !== "search" && this.show(address(form)));
    if (typing) form.addEventListener("input", (event) => event.target.type === "search" && this.later());
    if (links) results.addEventListener("click", (event) => this.followed(event));
    this.shown();
    this.place.restore(history.state);
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.show(this.address(this.form), { typed: true }), QUIET_MS);
  }

  followed(event) {
    const link = event.target.closest(this.links);
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.show(link.href);
  }

  // What is asked for is a place that Back leads to; what is typed is one, not one for every letter.
  async show(address, { typed = false } = {}) {
    this.place.keep();
    const page = await this.replaced(address);
    if (!page) return;
    this.place.enter(this.results.dataset.address, { instead: typed && this.typed });
    this.typed = typed;
    this.form.dispatchEvent(new CustomEvent("shown", { detail: page }));
  }

  // Back and forward: the form says what it said then.
  async returned(address) {
    const page = await this.replaced(address);
    if (!page) return;
    this.typed = false;
    follow(this.form, page.getElementById(this.form.id));
    this.form.dispatchEvent(new CustomEvent("shown", { detail: page }));
  }

  async replaced(address) {
    clearTimeout(this.timer);
    const page = await this.fetched(address);
    if (!page) return null;
    const fresh = page.getElementById("results");
    if (!fresh) {
      location.assign(address); // an error, which its own page says best
      return null;
    }
    const focused = this.results.contains(document.activeElement) ? identity(document.activeElement) : null;
    this.results.dataset.address = fresh.dataset.address;
    this.results.replaceChildren(...fresh.childNodes);
    if (focused) this.results.querySelector(focused)?.focus();
    this.pages = 1;
    this.shown();
    return page;
  }

  // The next page's items come behind those that are there; whether there are more then.
  goOn() {
    this.going ??= this.nextPage().finally(() => (this.going = null));
    return this.going;
  }

  async nextPage() {
    const more = this.results.querySelector("#more");
    if (!more || this.asking) return false;
    const page = await this.fetched(more.href);
    if (!page || !more.isConnected) return false;
    const items = [...(page.getElementById("items")?.children ?? [])];
    this.results.querySelector("#items").append(...items);
    const next = page.getElementById("more");
    if (next) more.href = next.href;
    else more.closest(".more").remove();
    this.pages += 1;
    this.shown();
    return next !== null;
  }

  // A newer question ends an older one; only the newest is answered.
  async fetched(address) {
    this.asking?.abort();
    const asking = new AbortController();
    this.asking = asking;
    this.results.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address, { signal: asking.signal, headers: { accept: "text/html" } });
      if (answer.redirected || !answer.headers.get("content-type")?.startsWith("text/html")) {
        location.assign(address); // logged out, or out of order: the page itself says it best
        return null;
      }
      return new DOMParser().parseFromString(await answer.text(), "text/html");
    } catch (error) {
      if (error.name !== "AbortError") this.offline();
      return null;
    } finally {
      if (this.asking === asking) {
        this.asking = null;
        this.results.removeAttribute("aria-busy");
      }
    }
  }

  offline() {
    const count = this.results.querySelector("#count");
    if (count) count.textContent = "The web face does not answer. What is shown may be old.";
  }

  shown() {
    nameLanguages(this.results);
    localize(this.results);
    this.ending.disconnect();
    const more = this.results.querySelector("#more");
    if (more) this.ending.observe(more);
    this.results.dataset.ready = "yes";
  }
}

// What the form says, without what it leaves open.
export function addressOf(form) {
  const said = [...new FormData(form)].filter(([, value]) => value !== "");
  const query = new URLSearchParams(said).toString();
  return query ? `${form.getAttribute("action")}?${query}` : form.getAttribute("action");
}

// Have a form say what another one of its kind says.
function follow(form, fresh) {
  for (const field of form.elements) {
    const isPick = field.type === "checkbox";
    const told = [...fresh.elements].find(({ name, value }) => name && name === field.name && (!isPick || value === field.value));
    if (told) field[isPick ? "checked" : "value"] = told[isPick ? "checked" : "value"];
  }
}

function identity(element) {
  if (element.id) return `#${CSS.escape(element.id)}`;
  if (element.dataset.look) return `[data-look="${CSS.escape(element.dataset.look)}"]`;
  if ("turn" in element.dataset) return "[data-turn]";
  const column = element.closest("[data-column]")?.dataset.column;
  return column ? `[data-column="${CSS.escape(column)}"] a` : null;
}
