// Search: results follow the kinds that are chosen, and go on at their end; a wrong query is shown where it is wrong.
import { LiveResults, addressOf } from "/static/live_results.js";

const form = document.getElementById("asking");
const results = document.getElementById("results");
const help = document.getElementById("asking-help");

new LiveResults(form, results, { address: addressOf, typing: false });
form.addEventListener("submit", () => (help.open = false));
form.addEventListener("shown", ({ detail: page }) => {
  document.title = page.title;
  point(page.getElementById("q"));
});
point(form.elements.q);

// Put the caret at what cannot be understood.
function point(told) {
  const field = form.elements.q;
  const position = told.dataset.position;
  field.toggleAttribute("aria-invalid", position !== undefined);
  if (position === undefined) return;
  field.setAttribute("aria-invalid", "true");
  // Positions count characters, fields count UTF-16 units.
  const place = [...field.value].slice(0, Number(position)).join("").length;
  field.focus();
  field.setSelectionRange(place, field.value.length);
}
