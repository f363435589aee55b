// The strip of shots and the lanes: where the player is, and going elsewhere.
import { Roving } from "/static/roving.js";
import { lastAtMost } from "/static/video/transcript.js";

// A finger that is put down and lifted moves a little.
const SLACK_PX = 6;

export class Timeline {
  constructor(root, player, duration) {
    this.duration = duration;
    this.strip = root.querySelector("#filmstrip");
    this.shots = this.strip ? [...this.strip.querySelectorAll("button")] : [];
    this.starts = this.shots.map((shot) => Number(shot.dataset.from));
    this.cards = [...document.querySelectorAll("#shots > .shot")];
    this.bars = [...root.querySelectorAll("[data-lane=shots] rect")];
    this.playhead = root.querySelector("#playhead");
    this.ruler = root.querySelector("#ruler");
    this.lanes = root.querySelector("#lanes");
    this.shot = -1;
    if (this.shots.length) this.roving = new Roving(this.strip, this.shots);
    this.listen(player);
    this.playhead.hidden = false;
    player.onTime((seconds) => this.mark(seconds));
    new ResizeObserver(() => this.place(player.time)).observe(this.lanes);
  }

  listen(player) {
    const goTo = (event) => {
      const track = this.ruler.getBoundingClientRect();
      const share = Math.min(Math.max((event.clientX - track.left) / track.width, 0), 1);
      player.seek(share * this.duration);
    };
    // A finger that moves up or down scrolls the page, and the browser takes it away (pointercancel): it goes nowhere
    // before it has moved along the lanes or is lifted.
    this.lanes.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !event.isPrimary || !event.target.closest(".lane, .ruler") || event.target.closest("button")) return;
      const over = new AbortController();
      const on = (name, act) => this.lanes.addEventListener(name, act, { signal: over.signal });
      let drags = event.pointerType === "mouse";
      if (drags) goTo(event);
      this.lanes.setPointerCapture(event.pointerId);
      on("pointermove", (moved) => {
        drags ||= Math.abs(moved.clientX - event.clientX) > SLACK_PX;
        if (drags) goTo(moved);
      });
      on("pointerup", (lifted) => {
        goTo(lifted);
        over.abort();
      });
      on("pointercancel", () => over.abort());
    });
  }

  mark(seconds) {
    this.place(seconds);
    const shot = Math.max(lastAtMost(this.starts, seconds + 0.001), 0);
    if (shot === this.shot || !this.shots.length) return;
    for (const marked of [this.shots, this.cards, this.bars]) {
      marked[this.shot]?.removeAttribute("aria-current");
      marked[shot]?.setAttribute("aria-current", "true");
    }
    this.shot = shot;
    if (!this.strip.contains(document.activeElement)) this.roving.stop(shot);
    this.reveal(this.shots[shot]);
  }

  place(seconds) {
    const [track, all] = [this.ruler.getBoundingClientRect(), this.lanes.getBoundingClientRect()];
    const share = Math.min(Math.max(seconds / this.duration, 0), 1);
    this.playhead.style.left = `${track.left - all.left + share * track.width}px`;
  }

  reveal(shot) {
    const [strip, here] = [this.strip.getBoundingClientRect(), shot.getBoundingClientRect()];
    if (here.left < strip.left || here.right > strip.right) {
      this.strip.scrollLeft += here.left - strip.left - (strip.width - here.width) / 2;
    }
  }
}
