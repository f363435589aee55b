// The words follow the sound; a click on one, or Enter, goes to it.
import { Roving } from "/static/roving.js";

// A word is still the current one this long after its end: pauses between words are no gaps.
const LINGERS_S = 0.3;

export class Words {
  constructor(root, player) {
    this.box = root.querySelector("#words");
    if (!this.box) return;
    this.words = [...this.box.querySelectorAll("[data-word]")];
    this.starts = this.words.map((word) => Number(word.dataset.word));
    this.ends = this.words.map((word, place) => Number(word.dataset.end ?? this.starts[place]));
    this.current = null;
    this.wanted = root.querySelector("#follow");
    root.querySelector(".follow").hidden = this.words.length === 0;
    if (this.words.length === 0) return;
    this.roving = new Roving(this.box, this.words, { role: "button", right: this.words[0].closest(".line") });
    this.listen(player);
    player.onTime((seconds) => this.mark(seconds));
  }

  listen(player) {
    // Who marks text with the mouse ends with a click as well.
    this.box.addEventListener("click", (event) => String(getSelection()) === "" && this.chosen(event.target, player));
    this.box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      if (this.chosen(event.target, player)) event.preventDefault();
    });
    // Who scrolls wants to read elsewhere.
    for (const name of ["wheel", "touchmove"]) {
      this.box.addEventListener(name, () => (this.wanted.checked = false), { passive: true });
    }
  }

  chosen(target, player) {
    const word = target.closest("[data-word]");
    if (!word) return false;
    this.roving.stop(this.words.indexOf(word));
    player.seek(Number(word.dataset.word));
    return true;
  }

  mark(seconds) {
    const place = lastAtMost(this.starts, seconds + 0.001);
    const here = place >= 0 && seconds < this.ends[place] + LINGERS_S ? this.words[place] : null;
    if (here === this.current) return;
    this.current?.removeAttribute("aria-current");
    this.current?.closest(".paragraph").classList.remove("now");
    here?.setAttribute("aria-current", "true");
    here?.closest(".paragraph").classList.add("now");
    this.current = here;
    if (here && !this.box.contains(document.activeElement)) this.roving.stop(place);
    if (here && this.wanted.checked) this.reveal(here);
  }

  // Scrolls the box alone, never the page.
  reveal(word) {
    const [box, line] = [this.box.getBoundingClientRect(), word.getBoundingClientRect()];
    const margin = box.height / 4;
    if (line.top < box.top + margin || line.bottom > box.bottom - margin) {
      this.box.scrollTop += line.top - box.top - box.height / 3;
    }
  }
}

export function lastAtMost(sorted, value) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
