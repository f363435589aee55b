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

  // Once it is accepted, a question without an answer says nothing of it: it is asked again.
  async watch(job) {
    for (;;) {
      const told = await asked(`/jobs/${job}`);
      if (told?.refused) return this.tell("failed", told.detail);
      if (told) this.tell(told.state, told.detail ?? told.reason ?? "");
      if (told && !MOVING.has(told.state)) return told.state === "done" ? this.offer() : undefined;
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

// The answer; nothing where none came, or none that lasts.
async function asked(address) {
  try {
    const answer = await fetch(address);
    if (answer.status >= 500) return null;
    return { refused: !answer.ok, ...(await answer.json()) };
  } catch {
    return null;
  }
}
