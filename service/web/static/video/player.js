// The place in the video, whoever plays it: the browser, or, where it cannot, the pictures of the shots.
export class Player {
  constructor(root) {
    this.root = root;
    this.media = root.querySelector("#media");
    this.still = root.querySelector("#still");
    this.notice = root.querySelector("#unplayable");
    this.shots = [...document.querySelectorAll("#filmstrip [data-keyframe]")];
    this.listeners = [];
    this.stillTime = 0;
    if (this.media) this.listen();
    else root.dataset.playing = "stills";
  }

  get time() {
    return this.media ? this.media.currentTime : this.stillTime;
  }

  onTime(listener) {
    this.listeners.push(listener);
    listener(this.time);
  }

  seek(seconds) {
    if (this.media) this.media.currentTime = seconds;
    this.stillTime = seconds;
    this.showStill(seconds);
    this.tell(seconds);
  }

  listen() {
    const { media } = this;
    for (const name of ["timeupdate", "seeking", "seeked", "loadedmetadata"]) {
      media.addEventListener(name, () => this.tell(media.currentTime));
    }
    media.addEventListener("play", () => this.follow());
    media.addEventListener("error", () => this.giveUp());
    // The browser may have found out before this module ran; or it plays the sound and does not know the picture.
    media.addEventListener("loadedmetadata", () => {
      if (media instanceof HTMLVideoElement && media.videoWidth === 0) this.giveUp();
    });
    if (media.error) this.giveUp();
    else if (media instanceof HTMLVideoElement && media.readyState > 0 && media.videoWidth === 0) this.giveUp();
  }

  // While it plays, every picture counts: timeupdate comes four times a second only.
  follow() {
    const { media } = this;
    const step = () => {
      if (this.media !== media || media.paused || media.ended) return;
      this.tell(media.currentTime);
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  tell(seconds) {
    for (const listener of this.listeners) listener(seconds);
  }

  giveUp() {
    if (!this.media) return;
    this.media.remove();
    this.media = null;
    this.root.dataset.playing = "stills";
    this.notice.hidden = false;
    if (this.still) {
      this.still.src ||= this.still.dataset.src ?? "";
      this.still.hidden = !this.still.src;
    }
    this.showStill(this.stillTime);
  }

  showStill(seconds) {
    if (this.media || !this.still) return;
    const shot = this.shots.findLast((one) => Number(one.dataset.from) <= seconds) ?? this.shots[0];
    if (!shot) return;
    this.still.src = shot.dataset.keyframe;
    this.still.alt = shot.getAttribute("aria-label");
    this.still.hidden = false;
  }
}
