// The page of the queue: live.
import { takeAdditions } from "./add.js";
import { Part } from "./part.js";
import { showProgress } from "./progress.js";
import { takeRetries } from "./retry.js";
import { Stream } from "./stream.js";
import { tick } from "./times.js";

const LIST_MS = 2000;
const SOON_MS = 150;
const TROUBLED = new Set(["failed", "rejected", "parked"]);

const root = document.getElementById("queue");
const announcer = document.getElementById("announcer");
const list = new Part(root, LIST_MS);
const stream = new Stream(document.getElementById("queue-module").dataset.last);
let ready = null;

const announce = (text) => {
  announcer.textContent = text;
};

stream.addEventListener("progress", ({ detail }) => {
  if (!showProgress(root, detail) && root.querySelector(".working, .filters")) list.want();
});

stream.addEventListener("jobs", ({ detail }) => {
  const failed = detail.changed.filter(({ job, state }) => TROUBLED.has(state) && !isShownAs(job, state));
  if (failed.length) announce(failed.map(({ filename, state }) => `${filename}: ${state}`).join(". "));
  if (detail.reset || detail.changed.length) list.want();
});

stream.addEventListener("service", ({ detail }) => {
  const reasons = detail.reasons.join();
  if (ready !== null && ready !== reasons) list.want();
  ready = reasons;
});

function isShownAs(job, state) {
  return root.querySelector(`[data-job="${job}"]`)?.dataset.state === state;
}

const box = document.getElementById("add");
if (box) takeAdditions(box, announce);
takeRetries(root, announce, () => list.want(SOON_MS));
tick(document.body);
stream.start();
