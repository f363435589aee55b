"""The templates: Jinja2 with everything escaped, and what every page is given."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from service import __version__
from service.web.views.figures import FILTERS
from service.web.views.markup import spans

if TYPE_CHECKING:
    from http import HTTPStatus

    from service.web.site import Site

PAGES = (("/", "Queue"), ("/library", "Library"), ("/find", "Search"), ("/system", "System"))


@cache
def environment() -> Environment:
    """Return the templates; a name that a page was not given is a bug, not an empty text."""
    folder = str(files("service.web") / "templates")
    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update({filter_.__name__: filter_ for filter_ in (*FILTERS, spans)})
    return made


def page(site: Site, template: str, *, here: str, status: HTTPStatus | int = 200, **values: Any) -> HTMLResponse:
    """Return a page. here: its address in the navigation."""
    shared: dict[str, Any] = {"pages": PAGES, "here": here, "version": __version__}
    shared["logged_in"] = site.token is not None
    return HTMLResponse(environment().get_template(template).render(shared | values), status)
