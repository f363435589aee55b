// Codes of languages become their names in the page's language; a code nobody knows stays as it is.
const names = new Intl.DisplayNames([document.documentElement.lang || "en"], { type: "language", fallback: "code" });

export function nameLanguages(root) {
  for (const element of root.querySelectorAll("[data-language]")) {
    try {
      element.textContent = names.of(element.dataset.language);
    } catch {
      // no code at all: what the document says is shown
    }
  }
}
