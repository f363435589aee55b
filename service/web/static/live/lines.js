// What this tab adds, a line each, for as long as the list below does not show it.

export class Lines {
  /**
   * @param {HTMLElement} added takes the lines
   * @param {HTMLElement} list has a row for each request that the server knows, and tells when it is `shown` anew
   * @param {(text: string) => void} announce tells those who do not see the page
   */
  constructor(added, list, announce) {
    this.added = added;
    this.list = list;
    this.announce = announce;
    this.lines = new Set();
    list.addEventListener("shown", () => this.lines.forEach((line) => line.look()));
  }

  add(name) {
    const line = new Line(this, name);
    this.lines.add(line);
    this.added.append(line.element);
    return line;
  }

  get newest() {
    return Math.max(0, ...[...this.list.querySelectorAll("[data-request]")].map((row) => Number(row.dataset.request)));
  }

  // An upload gets its number with the answer, at its end: until then its row is known by its name.
  has({ name, request, job, after }) {
    if (job) return this.list.querySelector(`[data-job="${job}"]`) !== null;
    const rows = [...this.list.querySelectorAll("[data-request]")].map((row) => row.dataset);
    if (request) return rows.some((row) => Number(row.request) === request);
    return after !== null && rows.some((row) => row.asked === name && Number(row.request) > after);
  }
}

class Line {
  constructor(lines, name) {
    this.lines = lines;
    this.name = name;
    [this.request, this.job, this.after] = [null, null, null];
    this.element = document.createElement("li");
    [this.bar, this.text] = [document.createElement("progress"), document.createElement("span")];
    const title = document.createElement("span");
    title.textContent = name;
    this.bar.hidden = true;
    this.text.className = "muted";
    this.bar.setAttribute("aria-label", name);
    this.element.append(title, this.bar, this.text);
  }

  begin() {
    this.after = this.lines.newest;
  }

  isAt({ request, job }) {
    this.request = request;
    this.job = job?.job ?? null;
    this.look();
  }

  look() {
    this.element.hidden = this.lines.has(this);
  }

  tell(words, done, total) {
    this.text.textContent = words;
    this.bar.hidden = !total || done == null;
    if (!this.bar.hidden) [this.bar.max, this.bar.value] = [total, done];
  }

  fail(words) {
    this.text.textContent = words;
    this.text.className = "problem";
    this.bar.remove();
    this.announce(words);
  }

  announce(words) {
    this.lines.announce(`${this.name}: ${words}`);
  }

  remove() {
    this.lines.lines.delete(this);
    this.element.remove();
  }
}
