// Brings the stages of videos in work up to what an event says.
const OUTCOMES = {
  pending: "to come",
  running: "under way",
  no_audio: "no sound",
  no_speech: "no speech",
  no_video: "no picture",
  timed_out: "took too long",
  unavailable: "not available",
};
const OPEN = new Set(["pending", "running"]);

/**
 * Show how far the videos in work have come.
 * @param {HTMLElement} root holds the cards, by data-job
 * @param {{jobs: {job: number, stages: {stage: string, status: string, backend: ?string, seconds: ?number,
 *   reason: ?string}[]}[]}} told the event `progress`
 * @returns {number[]} the videos of the event that have no card here that shows their stages
 */
export function showProgress(root, told) {
  const missing = [];
  for (const { job, stages } of told.jobs) {
    const card = root.querySelector(`.job[data-job="${job}"]`);
    if (card?.querySelector(".stages")) stages.forEach((stage) => showStage(card, stage));
    else missing.push(job);
    if (card) showBar(card, stages);
  }
  return missing;
}

function showStage(card, { stage, status, backend, seconds, reason }) {
  const chip = card.querySelector(`[data-stage="${CSS.escape(stage)}"]`);
  if (!chip || chip.dataset.status === status) return;
  chip.dataset.status = status;
  chip.querySelector(".outcome").textContent = OUTCOMES[status] ?? status;
  chip.title = reason ? `${stage}: ${reason}` : [backend ?? stage, seconds == null ? null : `${seconds.toFixed(1)} s`].filter(Boolean).join(", ");
}

function showBar(card, stages) {
  const bar = card.querySelector("progress");
  if (!bar) return;
  const ended = stages.filter(({ status }) => !OPEN.has(status)).length;
  bar.max = stages.length;
  bar.value = ended;
  card.querySelector(".ended").textContent = ended;
  card.querySelector(".of").textContent = stages.length;
}
