// JSON as a tree whose branches are made when they are opened: a document of an hour has a hundred thousand lines.
const AT_ONCE = 100;

export function tree(value, name = null) {
  if (value === null || typeof value !== "object") return leaf(value, name);
  const entries = Array.isArray(value) ? value.map((one, place) => [place, one]) : Object.entries(value);
  const size = Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`;
  return branch(label(name, size), () => chunks(entries));
}

function chunks(entries) {
  if (entries.length <= AT_ONCE) return entries.map(([name, one]) => tree(one, name));
  const parts = [];
  for (let start = 0; start < entries.length; start += AT_ONCE) {
    const part = entries.slice(start, start + AT_ONCE);
    parts.push(branch(label(null, `${part[0][0]} … ${part.at(-1)[0]}`), () => chunks(part)));
  }
  return parts;
}

function branch(summary, children) {
  const details = document.createElement("details");
  const head = document.createElement("summary");
  head.append(...summary);
  details.append(head);
  const grow = () => {
    if (details.open && details.childElementCount === 1) {
      const list = document.createElement("div");
      list.append(...children());
      details.append(list);
    }
  };
  details.addEventListener("toggle", grow);
  return details;
}

function leaf(value, name) {
  const line = document.createElement("div");
  line.className = "leaf";
  const kind = value === null ? "null" : typeof value;
  line.append(...label(name, JSON.stringify(value), kind));
  return line;
}

function label(name, text, kind = "size") {
  const parts = [];
  if (name !== null) {
    const key = document.createElement("span");
    key.className = "key";
    key.textContent = `${name}: `;
    parts.push(key);
  }
  const shown = document.createElement("span");
  shown.className = kind;
  shown.dir = "auto";
  shown.textContent = text;
  return [...parts, shown];
}
