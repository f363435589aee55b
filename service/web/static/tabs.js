// Sections with a list of links become tabs (WAI-ARIA tabs pattern); the address names the open one.
import { Roving } from "/static/roving.js";

export class Tabs {
  constructor(root, { first = null } = {}) {
    const list = root.querySelector(".tablist");
    this.tabs = [...list.querySelectorAll("a")];
    this.opened = new Map();
    list.setAttribute("role", "tablist");
    for (const tab of this.tabs) {
      const panel = this.panel(tab);
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", panel.id);
      panel.setAttribute("role", "tabpanel");
      panel.tabIndex = -1;
      tab.addEventListener("click", (event) => {
        event.preventDefault();
        this.choose(tab);
      });
      tab.addEventListener("focus", () => this.choose(tab));
      tab.addEventListener("keydown", (event) => event.key === " " && (event.preventDefault(), tab.click()));
    }
    root.classList.add("is-tabbed");
    this.roving = new Roving(list, this.tabs);
    addEventListener("hashchange", () => this.open(this.named(location.hash)));
    this.open(this.named(location.hash) ?? this.named(first) ?? this.tabs[0]);
  }

  panel(tab) {
    return document.getElementById(tab.hash.slice(1));
  }

  named(hash) {
    return hash ? this.tabs.find((tab) => tab.hash === hash) : undefined;
  }

  choose(tab) {
    history.replaceState(history.state, "", tab.hash);
    this.open(tab);
  }

  open(chosen) {
    if (!chosen) return;
    for (const tab of this.tabs) {
      tab.setAttribute("aria-selected", String(tab === chosen));
      this.panel(tab).hidden = tab !== chosen;
    }
    this.roving.stop(this.tabs.indexOf(chosen));
    const name = chosen.hash.slice(1);
    this.opened.get(name)?.();
    this.opened.delete(name);
  }

  // Have something done when a panel is first opened.
  whenOpened(name, action) {
    if (this.tabs.some((tab) => tab.hash === `#${name}` && tab.getAttribute("aria-selected") === "true")) action();
    else this.opened.set(name, action);
  }
}
