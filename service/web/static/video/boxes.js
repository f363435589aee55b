// Boxes of text and objects over the picture, at their times.
export class Boxes {
  constructor(root, player) {
    const drawn = root.querySelector("#boxes");
    if (!drawn) return;
    this.kinds = [
      [root.querySelector("#show-overlays"), collect(drawn, ".overlay")],
      [root.querySelector("#show-objects"), collect(drawn, ".object")],
    ];
    for (const [toggle] of this.kinds) toggle.addEventListener("change", () => this.draw(player.time));
    player.onTime((seconds) => this.draw(seconds));
  }

  draw(seconds) {
    for (const [toggle, boxes] of this.kinds) {
      for (const box of boxes) {
        // The end belongs to it: text is last seen there.
        const shown = toggle.checked && box.from <= seconds + 0.001 && seconds <= box.to;
        if (shown !== box.shown) {
          box.shown = shown;
          box.element.setAttribute("visibility", shown ? "visible" : "hidden");
        }
      }
    }
  }
}

function collect(drawn, selector) {
  return [...drawn.querySelectorAll(selector)].map((element) => ({
    element,
    from: Number(element.dataset.from),
    to: Number(element.dataset.to),
    shown: false,
  }));
}
