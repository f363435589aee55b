// The page of the queue: live.
import { takeAdditions } from "./add.js";
import { Part } from "./part.js";
import { showProgress } from "./progress.js";
import { Requests } from "./requests.js";
import { takeRetries } from "./retry.js";
import { Stream } from "./stream.js";
import { tick } from "./times.js";

const LIST_MS = 3000;
const SOON_MS = 150;
const TROUBLED = new Set(["failed", "rejected", "parked"]);

const root = document.getElementById("queue");
const announcer = document.getElementById("announcer");
const list = new Part(root, LIST_MS);
const stream = new Stream(document.getElementById("queue-module").dataset.last);
let ready = null;
let missed = "";

const announce = (text) => {
  announcer.textContent = text;
};

const requests = new Requests(root, announce);

// A page that leaves videos out would miss the same ones for ever: it asks once.
stream.addEventListener("progress", ({ detail }) => {
  const missing = showProgress(root, detail).join();
  if (missing && missing !== missed) list.want();
  missed = missing;
});

stream.addEventListener("requests", ({ detail }) => requests.show(detail) && list.want());

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
if (box) takeAdditions(box, root, announce);
takeRetries(root, announce, () => list.want(SOON_MS));
tick(document.body);
stream.start();
