// Times and numbers in the reader's own way (Intl); what the server rendered stays where there are no scripts.
// Words are the page's, in its language; dates and numbers are spelled as the reader does.
const RELATIVE = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "always", style: "short" });
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const SHORT = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const NUMBER = new Intl.NumberFormat();
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];
const FORMATS = { full: FULL, time: SHORT, day: DAY, date: DATE };

/** Spell how long ago a Unix time is. */
export function ago(at, now) {
  const seconds = Math.max(0, now - at);
  const [unit, length] = UNITS.find(([, size]) => seconds >= size) ?? ["second", 1];
  return RELATIVE.format(-Math.floor(seconds / length), unit);
}

/** Spell how long something has taken, to the second below an hour: 4:05, 1:02:03. */
export function lasting(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const padded = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${padded(minutes)}:${padded(rest)}` : `${minutes}:${padded(rest)}`;
}

/** Put the reader's own spelling in the place of the server's, below an element. */
export function localize(root) {
  const now = Date.now() / 1000;
  for (const element of root.querySelectorAll("[data-number]")) {
    set(element, NUMBER.format(Number(element.dataset.number)));
  }
  for (const element of root.querySelectorAll("time[data-at]")) {
    set(element, FORMATS[element.dataset.format ?? "full"].format(Number(element.dataset.at) * 1000));
  }
  for (const element of root.querySelectorAll("[data-ago]")) {
    const at = Number(element.dataset.ago);
    set(element, ago(at, now));
    const title = FULL.format(at * 1000);
    if (element.title !== title) element.title = title;
  }
  for (const element of root.querySelectorAll("[data-elapsed]")) {
    set(element, lasting(now - Number(element.dataset.elapsed)));
  }
}

/** Keep what depends on the moment right, while the page is seen. */
export function tick(root) {
  localize(root);
  setInterval(() => document.hidden || localize(root), 1000);
}

function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
