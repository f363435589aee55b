// Trying a video again without leaving the page.

/**
 * Take the forms below an element over; without scripts they post and come back.
 * @param {HTMLElement} root
 * @param {(text: string) => void} announce tells those who do not see the page
 * @param {() => void} done is called when the service has taken one
 */
export function takeRetries(root, announce, done) {
  root.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-retry]");
    if (!form) return;
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    const problem = await retried(form.dataset.retry);
    announce(problem ?? "Queued again.");
    if (problem) show(form, problem);
    button.disabled = false;
    done();
  });
}

async function retried(job) {
  try {
    const answer = await fetch(`/jobs/${job}/retry`, { method: "POST" });
    return answer.ok ? null : ((await answer.json()).detail ?? answer.statusText);
  } catch {
    return "The web face does not answer. Try again in a moment.";
  }
}

function show(form, problem) {
  const line = form.querySelector(".problem") ?? form.appendChild(document.createElement("p"));
  line.className = "problem";
  line.textContent = problem;
}
