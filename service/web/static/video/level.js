// The level of the sound over time, measured here from the video itself: documents hold no curve.
const COLUMNS = 1000;
const RATE_HZ = 8000; // enough to see loud and quiet, and an hour's samples fit
const MOST_BYTES = 64 * 1024 * 1024;
const MOST_S = 900;
const NARROW = "(max-width: 47.99rem)";

/**
 * Draw it once the browser has nothing better to do; where the whole video costs much, when it is asked for.
 * @param {HTMLElement} root the timeline
 * @param {string} address of the video
 * @param {number} duration in seconds
 */
export function showLevel(root, address, duration) {
  const note = root.querySelector("#level-note");
  const refused = refusal(note, duration);
  const draw = () => drawLevel(root, address, duration);
  if (refused !== null) say(note, refused);
  else if (navigator.connection?.saveData || matchMedia(NARROW).matches) offer(note, draw);
  else (globalThis.requestIdleCallback ?? setTimeout)(draw);
}

function offer(note, draw) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "link";
  button.textContent = `Draw it (loads ${(Number(note.dataset.size) / 1e6).toFixed(1)} MB)`;
  button.addEventListener("click", draw, { once: true });
  note.replaceChildren(button);
}

async function drawLevel(root, address, duration) {
  const [drawing, note] = [root.querySelector("#level"), root.querySelector("#level-note")];
  say(note, "measuring …");
  try {
    const answer = await fetch(address);
    if (!answer.ok) return say(note, "the video cannot be read");
    const context = new OfflineAudioContext(1, 1, RATE_HZ);
    const sound = await context.decodeAudioData(await answer.arrayBuffer());
    drawing.append(curve(peaks(sound, duration)));
    drawing.removeAttribute("hidden");
    note.hidden = true;
  } catch {
    say(note, "your browser cannot decode this sound");
  }
}

function refusal(note, duration) {
  if (note.dataset.hasAudio !== "yes") return "no sound track";
  if (Number(note.dataset.size) > MOST_BYTES) return "not drawn: the file is larger than 64 MiB";
  if (duration > MOST_S) return "not drawn: longer than 15 minutes";
  return null;
}

function say(note, text) {
  note.textContent = text;
}

// The largest sample of each column, over all channels.
export function peaks(sound, duration) {
  const found = new Float32Array(COLUMNS);
  const step = (duration * sound.sampleRate) / COLUMNS;
  for (let channel = 0; channel < sound.numberOfChannels; channel += 1) {
    const samples = sound.getChannelData(channel);
    for (let column = 0; column < COLUMNS; column += 1) {
      const end = Math.min(Math.ceil((column + 1) * step), samples.length);
      for (let place = Math.floor(column * step); place < end; place += 1) {
        const size = Math.abs(samples[place]);
        if (size > found[column]) found[column] = size;
      }
    }
  }
  return found;
}

function curve(found) {
  const [top, bottom] = [[], []];
  found.forEach((size, x) => {
    const half = Math.min(size, 1) * 50;
    top.push(`${x},${(50 - half).toFixed(1)}`);
    bottom.push(`${x},${(50 + half).toFixed(1)}`);
  });
  const shape = document.createElementNS("http://www.w3.org/2000/svg", "polygon");
  shape.setAttribute("points", [...top, ...bottom.reverse()].join(" "));
  return shape;
}
