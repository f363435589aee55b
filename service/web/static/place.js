// Where somebody is in a long list, kept with the entry of the browser's history: how much was loaded, what was on top.
const MOST_PAGES = 50;
const QUIET_MS = 150;
const MOST_LOOKS = 6;

export class Place {
  /** @param {LiveResults} list what is loaded page by page */
  constructor(list) {
    this.list = list;
    this.restoring = null;
    this.address = here();
    history.scrollRestoration = "manual"; // only once what was loaded is loaded again
    addEventListener("scroll", () => this.later(), { passive: true });
    addEventListener("pagehide", () => this.keep());
    addEventListener("popstate", (event) => this.moved(event.state));
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.keep(), QUIET_MS);
  }

  keep() {
    clearTimeout(this.timer);
    if (this.restoring || this.address !== here()) return; // the entry is another one's
    const top = this.items.find((item) => item.getBoundingClientRect().bottom > 0);
    const at = { item: top?.dataset.videoId, offset: top?.getBoundingClientRect().top, y: scrollY };
    history.replaceState({ pages: this.list.pages, ...at }, "");
  }

  get items() {
    return [...this.list.results.querySelectorAll("#items > *")];
  }

  // Another address is shown: a new entry, or the same one where nothing else is asked for.
  enter(address, { instead = false } = {}) {
    this.restoring = null;
    if (instead || address === here()) history.replaceState(null, "", address);
    else history.pushState(null, "", address);
    this.address = here();
  }

  async moved(state) {
    if (this.address === here()) return; // to a place within the page
    clearTimeout(this.timer);
    this.address = here();
    const restoring = (this.restoring = {});
    await this.list.returned(location.href);
    if (this.restoring === restoring) await this.restore(state);
  }

  async restore(state) {
    if (!state?.pages) {
      this.restoring = null;
      return;
    }
    const restoring = (this.restoring = {});
    const pages = Math.min(state.pages, MOST_PAGES);
    while (this.list.pages < pages && (await this.list.goOn()) && this.restoring === restoring);
    if (this.restoring !== restoring) return;
    await this.settle(state, restoring);
    if (this.restoring === restoring) this.restoring = null;
  }

  // What comes into view gets its real height only then, and moves what is below it.
  async settle({ item, offset, y }, restoring) {
    const top = this.items.find((one) => item && one.dataset.videoId === item);
    scrollTo(0, y);
    for (let times = 0; top && times < MOST_LOOKS && this.restoring === restoring; times += 1) {
      scrollBy(0, top.getBoundingClientRect().top - offset);
      await new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)));
    }
  }
}

function here() {
  return location.pathname + location.search;
}
