// The library: results follow what is typed and chosen; the address always says what is shown.
import { nameLanguages } from "/static/languages.js";
import { LiveResults, addressOf } from "/static/live_results.js";

const form = document.getElementById("filters");

nameLanguages(form);
form.querySelector(".apply").hidden = true;
// Another order begins the way people want it: names from a, numbers from the greatest.
form.elements.sort.addEventListener("change", () => (form.elements.direction.value = ""));
// Links above the results change the order and the look, and may ask for everything again: the form follows.
form.addEventListener("shown", ({ detail: page }) => {
  const fresh = page.getElementById("filters").elements;
  for (const name of ["language", "length", "status", "folder", "sort", "direction", "look"]) {
    const [field, told] = [form.elements.namedItem(name), fresh.namedItem(name)];
    if (field && told) field.value = told.value;
  }
  // What is being typed is not touched.
  if (document.activeElement !== form.elements.q) form.elements.q.value = fresh.q.value;
});
new LiveResults(form, document.getElementById("results"), {
  address: addressOf,
  links: "[data-look], [data-turn], [data-column] a, #reset",
});
