// Follows /events: one connection while the page is seen, none while it is hidden.
import { session } from "../session.js";

const AGAIN_MS = 5000;
const KINDS = ["service", "progress", "requests", "jobs"];

/**
 * @typedef {object} Signal the mark in the header that says whether the page is live
 * @property {HTMLElement} element
 * @property {HTMLElement} text
 */

export class Stream extends EventTarget {
  /** @param {string} last where the page's own state stands, as an event's id; empty where it has none */
  constructor(last = "") {
    super();
    this.last = last;
    this.source = null;
    this.timer = 0;
    this.signal = document.getElementById("signal");
    document.addEventListener("visibilitychange", () => this.look());
    addEventListener("pagehide", () => this.stop());
    addEventListener("pageshow", (event) => event.persisted && this.look());
  }

  start() {
    if (this.signal) this.signal.hidden = false;
    this.look();
  }

  look() {
    if (document.hidden) this.stop();
    else if (!this.source) this.open();
  }

  open() {
    clearTimeout(this.timer);
    this.tell("wait", "Connecting…");
    this.source = new EventSource(`/events?last=${encodeURIComponent(this.last)}`);
    this.source.addEventListener("open", () => this.tell("live", "Live"));
    this.source.addEventListener("error", () => this.failed());
    for (const kind of KINDS) {
      this.source.addEventListener(kind, (event) => {
        this.last = event.lastEventId;
        this.dispatchEvent(new CustomEvent(kind, { detail: JSON.parse(event.data) }));
      });
    }
  }

  // A browser comes back by itself after a broken connection, but not after an answer that is an error.
  async failed() {
    this.tell("off", "Not live");
    if (this.source?.readyState !== EventSource.CLOSED) return;
    this.stop();
    this.timer = setTimeout(() => this.look(), AGAIN_MS);
    if ((await session()) === "out") location.reload(); // to the login page; an EventSource hides the status
  }

  stop() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  tell(state, text) {
    if (!this.signal || this.signal.dataset.state === state) return;
    this.signal.dataset.state = state;
    this.signal.querySelector("#signal-text").textContent = text;
  }
}
