"""What holds for every page at every size: nothing sticks out, everything has a name, can be read and be reached."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

SCREENS = Path(os.environ.get("REELWATCH_SCREENSHOTS", Path(__file__).parent / "screens"))
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
"""Axe's rules for WCAG 2.2 level AA, contrast among them."""
WITHOUT_NEWS = 12
"""Presses of Tab without a new place: a player has many buttons of its own; the end joins the beginning."""
FOCUSED = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const style = getComputedStyle(at), box = at.getBoundingClientRect();
  at.dataset.stop ??= String(document.querySelectorAll("[data-stop]").length);
  return {
    stop: at.dataset.stop,
    name: (at.getAttribute("aria-label") || at.innerText || at.id || at.tagName).trim().slice(0, 60),
    ringed: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1
      || style.boxShadow !== "none" || at.tagName === "VIDEO",
    shown: box.width > 0 && box.height > 0 && box.left > -500,
  };
}"""
UNREACHED = """() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary, video")]
  .filter((one) => one.checkVisibility({ checkVisibilityCSS: true }) && !one.disabled && one.tabIndex >= 0
    && one.type !== "hidden" && !("stop" in one.dataset)
    && !(one.type === "radio" && document.querySelector(`[name="${one.name}"][data-stop]`)))
  .map((one) => (one.getAttribute("aria-label") || one.innerText || one.id || one.outerHTML).trim().slice(0, 80))"""
STICKING_OUT = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll("body *")]
    .filter((one) => one.getBoundingClientRect().right > width + 1)
    .map((one) => `${one.tagName.toLowerCase()}.${one.className} to ${Math.round(one.getBoundingClientRect().right)}`)
    .slice(0, 8);
}"""


def picture(page: Page, name: str) -> Path:
    """Take a picture of the whole page into the test output; return the file."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    path = SCREENS / f"{name}.png"
    page.screenshot(path=path, full_page=True)
    return path


def sticking_out(page: Page) -> list[str]:
    """Return what makes the page wider than the window."""
    found: list[str] = page.evaluate(STICKING_OUT)
    return found


def is_dark(page: Page, selector: str) -> bool:
    """Say whether a part stands on a dark ground of its own, below light text."""
    ground, text = page.locator(selector).first.evaluate(
        "(one) => { const { backgroundColor, color } = getComputedStyle(one); return [backgroundColor, color]; }"
    )
    return ground.startswith("rgb(") and _brightness(ground) < _brightness(text)


def _brightness(colour: str) -> int:
    return sum(map(int, re.findall(r"\d+", colour)[:3]))


def violations(page: Page) -> list[str]:
    """Return what axe finds against WCAG 2.2 AA, a line for each kind with the first places."""
    from axe_playwright_python.sync_playwright import Axe

    options = {"runOnly": {"type": "tag", "values": list(RULES)}, "resultTypes": ["violations"]}
    found: list[dict[str, Any]] = Axe().run(page, options=options).response["violations"]
    return [f"{one['id']}: {_places(one)}" for one in found]


def unreached(page: Page) -> tuple[list[str], list[str]]:
    """Press Tab until nothing new comes; return what was not reached, and where no focus could be seen."""
    unseen, stops, idle = [], set(), 0
    while idle < WITHOUT_NEWS:
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUSED)
        idle = idle + 1 if at is None or at["stop"] in stops else 0
        if at is None or idle:
            continue
        stops.add(at["stop"])
        if not (at["ringed"] and at["shown"]):
            unseen.append(at["name"])
    left: list[str] = page.evaluate(UNREACHED)
    return left, unseen


def _places(violation: dict[str, Any]) -> str:
    nodes = violation["nodes"]
    places = [f"{node['html'][:160]} ({node.get('failureSummary', '').splitlines()[-1].strip()})" for node in nodes[:3]]
    return f"{len(nodes)} times {'; '.join(places)}"
