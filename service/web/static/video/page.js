// The page of one video: its parts, and who tells whom.
import { nameLanguages } from "/static/languages.js";
import { localize } from "/static/live/times.js";
import { Tabs } from "/static/tabs.js";
import { tree } from "/static/tree.js";
import { Boxes } from "/static/video/boxes.js";
import { showLevel } from "/static/video/level.js";
import { Player } from "/static/video/player.js";
import { Reprocess } from "/static/video/reprocess.js";
import { Timeline } from "/static/video/timeline.js";
import { Words } from "/static/video/transcript.js";

const page = document.getElementById("video");
const duration = Number(page.dataset.duration);
const player = new Player(document.getElementById("player"));
const timeline = document.getElementById("timeline");

nameLanguages(page);
localize(page);
new Words(document.getElementById("transcript"), player);
new Timeline(timeline, player, duration);
new Boxes(document.getElementById("player"), player);
new Reprocess(document.getElementById("reprocess"), page.dataset.videoId);
const tabs = new Tabs(document.getElementById("tabs"));
tabs.whenOpened("artifacts", showDocument);
page.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-seek]");
  if (!button) return;
  player.seek(Number(button.dataset.seek));
  showPlayer();
});
player.onTime(linkHere);
if (page.dataset.start) player.seek(Number(page.dataset.start));
if (page.dataset.source) showLevel(timeline, page.dataset.source, duration);
page.dataset.ready = "yes";

// Who goes to a moment from further down wants to see it.
function showPlayer() {
  const stage = document.getElementById("player");
  if (stage.getBoundingClientRect().bottom < 80) stage.scrollIntoView({ block: "start" });
}

function linkHere(seconds) {
  const link = document.getElementById("here");
  const tenths = Math.floor(seconds * 10) / 10;
  if (link.dataset.at === String(tenths)) return;
  link.dataset.at = tenths;
  link.href = `?t=${tenths}`;
  link.hidden = false;
}

async function showDocument() {
  const raw = document.getElementById("raw");
  try {
    const root = tree(await (await fetch(raw.dataset.source)).json(), "document");
    raw.append(root);
    root.open = true;
  } catch {
    raw.append("The document cannot be read at present.");
  }
}
