// What was asked for: bytes are shown as they come; what comes, ends or goes has the list asked for again.
const TROUBLED = new Set(["failed", "refused"]);
const UNITS = ["bytes", "kB", "MB", "GB", "TB"];

export class Requests {
  /**
   * @param {HTMLElement} root holds the rows, by data-request
   * @param {(text: string) => void} announce tells those who do not see the page
   */
  constructor(root, announce) {
    this.root = root;
    this.announce = announce;
    this.states = null;
  }

  /**
   * @param {{requests: {request: number, state: string, asked: string, detail: ?string, bytes_done: ?number,
   *   bytes_total: ?number}[]}} told the event `requests`
   * @returns {boolean} whether the list is to be asked for again
   */
  show({ requests }) {
    const before = this.states ?? this.rendered();
    const first = this.states === null;
    this.states = new Map(requests.map(({ request, state }) => [String(request), state]));
    for (const one of requests) this.showBytes(one);
    const changed = requests.filter(({ request, state }) => before.get(String(request)) !== state);
    const failed = first ? [] : changed.filter(({ state }) => TROUBLED.has(state));
    if (failed.length) this.announce(failed.map(({ asked, state, detail }) => `${asked}: ${detail ?? state}`).join(". "));
    return changed.length > 0 || before.size !== this.states.size;
  }

  rendered() {
    return new Map([...this.root.querySelectorAll("[data-request]")].map(({ dataset }) => [dataset.request, dataset.state]));
  }

  showBytes({ request, bytes_done: done, bytes_total: total }) {
    const row = this.root.querySelector(`[data-request="${request}"]`);
    const come = row?.querySelector(".come");
    if (!come || done == null) return;
    const bar = row.querySelector("progress");
    come.textContent = total ? `${Math.round((100 * done) / total)} %` : size(done);
    bar.hidden = !total;
    if (total) [bar.max, bar.value] = [total, done];
  }
}

function size(bytes) {
  let [scaled, unit] = [bytes, 0];
  for (; scaled >= 1000 && unit < UNITS.length - 1; unit += 1) scaled /= 1000;
  return `${unit ? scaled.toFixed(1) : bytes} ${UNITS[unit]}`;
}
