"""A page of a browser that writes down what it complains of: errors, refused contents, requests to elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from processes import until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response

PATIENCE_MS = 30_000
"""How long an element is waited for: the host may be busy."""
TELL_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.effectiveDirective} refuses ${event.blockedURI} in ${event.sourceFile}`), true);
"""


@dataclass
class Watched:
    """A page and its complaints. requests, responses: all there were."""

    page: Page
    origin: str
    complaints: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    responses: list[Response] = field(default_factory=list)
    expected: set[str] = field(default_factory=set)

    @classmethod
    @contextmanager
    def opened(cls, browser: Browser, origin: str, **options: Any) -> Iterator[Watched]:
        """Open a page in a context of its own; options: of Playwright's `new_context`."""
        context = browser.new_context(base_url=origin, **options)
        try:
            page = context.new_page()
            page.set_default_timeout(PATIENCE_MS)
            page.add_init_script(TELL_VIOLATIONS)
            made = cls(page, origin.rstrip("/"))
            page.on("console", made._said)
            page.on("pageerror", lambda error: made.complaints.append(f"error: {error}"))
            page.on("request", made._asked)
            page.on("response", made._answered)
            yield made
        finally:
            context.close()

    def until(self, expression: str, *, within_s: float = PATIENCE_MS / 1000) -> None:
        """Wait until an expression is true in the page; the page's own policy forbids Playwright to do so by itself."""
        until(lambda: self.page.evaluate(expression), expression, within_s=within_s)

    def expect(self, part: str) -> None:
        """Let complaints pass that hold a text: the test means to provoke them."""
        self.expected.add(part)

    def assert_no_complaint(self) -> None:
        """Fail where the page complained of anything that was not expected."""
        found = [said for said in self.complaints if not any(part in said for part in self.expected)]
        assert found == []

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    def _asked(self, request: Request) -> None:
        self.requests.append(request)
        inside = request.url.startswith((self.origin + "/", "data:", "blob:" + self.origin))
        if not inside:
            self.complaints.append(f"asks elsewhere: {request.url}")

    def _answered(self, response: Response) -> None:
        self.responses.append(response)
