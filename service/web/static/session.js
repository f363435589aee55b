// Whether this browser is let in. Asked by a page of ours: no cookie goes along with what other sites' links ask for.

/** @returns {Promise<"in"|"out"|"unknown">} unknown: nobody answers */
export async function session() {
  try {
    // As a page, for that is sent on to the login: a plain refusal would stand in the browser's console as a fault.
    const answer = await fetch("/health", { method: "HEAD", headers: { accept: "text/html" }, redirect: "manual" });
    return answer.ok ? "in" : answer.type === "opaqueredirect" ? "out" : "unknown";
  } catch {
    return "unknown";
  }
}
