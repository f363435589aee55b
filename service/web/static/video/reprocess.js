// Asking for a new description without leaving the page, and what becomes of it.
const POLL_MS = 2000;
const MOVING = new Set(["waiting", "incomplete", "blocked", "queued", "running"]);

export class Reprocess {
  constructor(form, videoId) {
    this.form = form;
    this.videoId = videoId;
    this.state = document.getElementById("job-state");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.ask();
    });
    if (MOVING.has(form.dataset.state)) this.watch(form.dataset.job);
  }

  async ask() {
    const stage = this.form.elements.stage.value;
    const button = this.form.querySelector("button");
    button.disabled = true;
    try {
      const query = stage ? `?stage=${encodeURIComponent(stage)}` : "";
      const answer = await fetch(`/documents/${this.videoId}/reprocess${query}`, { method: "POST" });
      const told = await answer.json();
      if (answer.ok) await this.watch(told.jobs[0]);
      else this.tell("failed", told.detail);
    } catch {
      this.tell("failed", "the web face does not answer");
    }
    button.disabled = false;
  }

  async watch(job) {
    for (;;) {
      const answer = await fetch(`/jobs/${job}`);
      if (!answer.ok) return this.tell("failed", (await answer.json()).detail);
      const { state, detail, reason } = await answer.json();
      this.tell(state, detail ?? reason ?? "");
      if (!MOVING.has(state)) return state === "done" ? this.offer() : undefined;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  tell(state, text) {
    const chip = document.createElement("span");
    chip.className = `state ${state}`;
    chip.textContent = state;
    this.state.replaceChildren(chip, ` ${text}`);
  }

  offer() {
    const link = document.createElement("a");
    link.href = location.href;
    link.textContent = "Show the new document";
    link.addEventListener("click", (event) => {
      event.preventDefault();
      location.reload();
    });
    this.state.append(link);
  }
}
