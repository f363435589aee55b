// The library: results follow what is typed and chosen; the address always says what is shown.
import { nameLanguages } from "/static/languages.js";
import { LiveResults, addressOf } from "/static/live_results.js";

const form = document.getElementById("filters");

nameLanguages(form);
form.querySelector(".apply").hidden = true;
form.addEventListener("shown", ({ detail: page }) => {
  // Links above the results change the order and the look, which the form has to know.
  for (const name of ["sort", "look"]) form.elements[name].value = page.querySelector(`[name=${name}]`).value;
  if (!new URLSearchParams(location.search).has("q")) form.elements.q.value = "";
  for (const name of ["language", "length", "status", "folder"]) {
    if (form.elements[name]) form.elements[name].value = new URLSearchParams(location.search).get(name) ?? "";
  }
});
new LiveResults(form, document.getElementById("results"), {
  address: addressOf,
  links: "[data-look], [data-turn], [data-column] a, #reset",
});
