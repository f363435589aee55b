// One stop of the Tab key for many neighbours; arrow keys move between them (WAI-ARIA: roving tabindex).
const STEPS = { ArrowRight: 1, ArrowLeft: -1 };

export class Roving {
  constructor(container, items, { role = null, right = container } = {}) {
    this.items = items;
    this.role = role;
    this.places = new Map(items.map((item, place) => [item, place]));
    this.current = 0;
    this.rightToLeft = () => getComputedStyle(right).direction === "rtl";
    for (const item of items) item.tabIndex = -1;
    this.stop(0);
    container.addEventListener("keydown", (event) => this.pressed(event));
  }

  // The item that the Tab key stops at.
  stop(place) {
    const [before, next] = [this.items[this.current], this.items[place]];
    if (!next) return;
    before.tabIndex = -1;
    next.tabIndex = 0;
    if (this.role) {
      before.removeAttribute("role");
      next.setAttribute("role", this.role);
    }
    this.current = place;
  }

  pressed(event) {
    const place = this.places.get(event.target);
    if (place === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = (STEPS[event.key] ?? 0) * (this.rightToLeft() ? -1 : 1);
    const next = { Home: 0, End: this.items.length - 1 }[event.key] ?? (step ? place + step : undefined);
    if (next === undefined || !this.items[next]) return;
    event.preventDefault();
    this.stop(next);
    this.items[next].focus();
  }
}
