// Adding videos: files that are chosen or dropped, and addresses.
import { Lines } from "./lines.js";

const POLL_MS = 1500;
const GONE_MS = 8000;
const WORDS = {
  received: "Waits to be fetched",
  downloading: "Being fetched",
  waiting: "Here; the service takes it in a moment",
  taken: "In the queue",
};
const MOVING = new Set(["received", "downloading", "waiting"]);

/**
 * Take over the forms that add videos.
 * @param {HTMLDetailsElement} box
 * @param {HTMLElement} list the part of the page that has a row for each request that the server knows
 * @param {(text: string) => void} announce tells those who do not see the page
 */
export function takeAdditions(box, list, announce) {
  const [upload, fetching] = [box.querySelector("#upload"), box.querySelector("#fetch")];
  const lines = new Lines(box.querySelector("#added"), list, announce);
  const files = upload.elements.file;
  files.multiple = true;
  box.querySelector(".hint").hidden = false;
  const sendAll = sender(lines);
  upload.addEventListener("submit", (event) => {
    event.preventDefault();
    sendAll(files.files);
    upload.reset();
  });
  fetching.addEventListener("submit", (event) => {
    event.preventDefault();
    ask(fetching.elements.url.value, lines.add(fetching.elements.url.value));
    fetching.reset();
  });
  takeDrops((dropped) => {
    box.open = true;
    sendAll(dropped);
  });
}

// One file after the other. Whoever leaves the page meanwhile ends what is being sent, and is asked.
function sender(lines) {
  let [before, left] = [Promise.resolve(), 0];
  const ask = (event) => {
    event.preventDefault();
    event.returnValue = true; // for browsers that do not know the former
  };
  const count = (change) => {
    left += change;
    if (left) addEventListener("beforeunload", ask);
    else removeEventListener("beforeunload", ask);
  };
  return (files) => {
    for (const file of files) {
      const line = lines.add(file.name);
      line.tell("Waits for the one before");
      count(1);
      before = before.then(() => send(file, line)).finally(() => count(-1));
    }
  };
}

function takeDrops(sendAll) {
  let depth = 0;
  const mark = (change) => {
    depth = Math.max(0, depth + change);
    document.body.classList.toggle("dropping", depth > 0);
  };
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragenter", (event) => hasFiles(event) && mark(1));
  addEventListener("dragleave", (event) => hasFiles(event) && mark(-1));
  addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    mark(-depth);
    sendAll(event.dataTransfer.files);
  });
}

// XMLHttpRequest, because fetch does not tell how much has been sent.
function send(file, line) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const form = new FormData();
    form.append("file", file, file.name);
    request.open("POST", "/analyze");
    request.responseType = "json";
    request.upload.addEventListener("progress", ({ loaded, total }) => line.tell("Being sent", loaded, total));
    request.addEventListener("loadend", () => {
      if (request.status === 202) follow(request.response, line);
      else line.fail(request.response?.detail ?? "It could not be sent. Try again.");
      resolve();
    });
    line.begin();
    request.send(form);
  });
}

async function ask(url, line) {
  try {
    const body = JSON.stringify({ url });
    const answer = await fetch("/analyze", { method: "POST", headers: { "content-type": "application/json" }, body });
    const told = await answer.json();
    if (answer.ok) await follow(told, line);
    else line.fail(told.detail);
  } catch {
    line.fail("The web face does not answer. Try again in a moment.");
  }
}

async function follow(asked, line) {
  for (let told = asked; ; ) {
    line.isAt(told);
    if (!MOVING.has(told.state)) return ended(told, line);
    line.tell(WORDS[told.state], told.state === "downloading" ? told.bytes_done : null, told.bytes_total);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    try {
      const answer = await fetch(`/analyze/${asked.request}`);
      if (answer.ok) told = await answer.json();
      else if (answer.status < 500) return line.fail((await answer.json()).detail);
    } catch {
      // the server is away for a moment: asked again
    }
  }
}

function ended(told, line) {
  if (told.state !== "taken") return line.fail(told.detail ?? told.reason ?? told.state);
  line.tell(WORDS.taken);
  line.announce(WORDS.taken);
  setTimeout(() => line.remove(), GONE_MS);
}
