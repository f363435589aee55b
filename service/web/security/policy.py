"""What browsers are told about every answer."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

STATIC = "/static/"
"""Below it lie the pages' scripts and style sheets, the same for everybody."""
_DIRECTIVES = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    # The pictures in swagger-ui's own style sheet are data: URLs.
    "img-src 'self' data:",
    "media-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
)
CONTENT_SECURITY_POLICY = "; ".join(_DIRECTIVES)
"""No inline script or style, nothing from elsewhere: what a video's text smuggles into a page stays text."""

HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "content-security-policy": CONTENT_SECURITY_POLICY,
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }
)


def cache_control(path: str, kind: str, *, guarded: bool) -> str:
    """Return how an answer may be kept that does not say so itself. kind: its Content-Type; guarded: by a token.

    Files of ours are asked for again by their ETag. Pages may be kept for going back, which asks nobody; so not where
    one logs out, after which nothing may be shown.
    """
    if path.startswith(STATIC):
        return "no-cache"
    return "private, no-cache" if kind.startswith("text/html") and not guarded else "no-store"
