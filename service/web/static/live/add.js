// Adding videos: files that are chosen or dropped, and addresses; each has a line that says how far it has come.
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
 * @param {(text: string) => void} announce tells those who do not see the page
 */
export function takeAdditions(box, announce) {
  const [upload, fetching] = [box.querySelector("#upload"), box.querySelector("#fetch")];
  const added = box.querySelector("#added");
  const files = upload.elements.file;
  files.multiple = true;
  box.querySelector(".hint").hidden = false;
  const sendAll = (list) => {
    box.open = true;
    return [...list].reduce((before, file) => before.then(() => send(file, lineFor(added, file.name), announce)), Promise.resolve());
  };
  upload.addEventListener("submit", (event) => {
    event.preventDefault();
    sendAll(files.files);
    upload.reset();
  });
  fetching.addEventListener("submit", (event) => {
    event.preventDefault();
    ask(fetching.elements.url.value, added, announce);
    fetching.reset();
  });
  takeDrops(sendAll);
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
function send(file, line, announce) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const form = new FormData();
    form.append("file", file, file.name);
    request.open("POST", "/analyze");
    request.responseType = "json";
    request.upload.addEventListener("progress", ({ loaded, total }) => line.tell("Being sent", loaded, total));
    request.addEventListener("loadend", () => {
      if (request.status === 202) follow(request.response, line, announce);
      else line.fail(request.response?.detail ?? "It could not be sent. Try again.", announce);
      resolve();
    });
    request.send(form);
  });
}

async function ask(url, added, announce) {
  const line = lineFor(added, url);
  try {
    const body = JSON.stringify({ url });
    const answer = await fetch("/analyze", { method: "POST", headers: { "content-type": "application/json" }, body });
    const told = await answer.json();
    if (answer.ok) await follow(told, line, announce);
    else line.fail(told.detail, announce);
  } catch {
    line.fail("The web face does not answer. Try again in a moment.", announce);
  }
}

async function follow(asked, line, announce) {
  for (let told = asked; ; ) {
    if (!MOVING.has(told.state)) return ended(told, line, announce);
    line.tell(WORDS[told.state], told.state === "downloading" ? told.bytes_done : null, told.bytes_total);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    try {
      const answer = await fetch(`/analyze/${asked.request}`);
      if (answer.ok) told = await answer.json();
      else return line.fail((await answer.json()).detail, announce);
    } catch {
      // the server is away for a moment: asked again
    }
  }
}

function ended(told, line, announce) {
  if (told.state !== "taken") return line.fail(told.detail ?? told.reason ?? told.state, announce);
  line.tell(WORDS.taken);
  announce(`${line.name}: ${WORDS.taken}`);
  setTimeout(() => line.element.remove(), GONE_MS);
}

function lineFor(added, name) {
  const element = document.createElement("li");
  const [title, text] = [document.createElement("span"), document.createElement("span")];
  const bar = document.createElement("progress");
  title.textContent = name;
  text.className = "muted";
  bar.setAttribute("aria-label", name);
  element.append(title, bar, text);
  added.append(element);
  return {
    name,
    element,
    tell(words, done, total) {
      text.textContent = words;
      bar.hidden = !total || done == null;
      if (!bar.hidden) [bar.max, bar.value] = [total, done];
    },
    fail(words, announce) {
      text.textContent = words;
      text.className = "problem";
      bar.remove();
      announce(`${name}: ${words}`);
    },
  };
}
