"""Pages for people: templates with escaping on, a strict content policy, nothing from elsewhere."""

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from gatepost.web.http import NO_STORE, Headers, Reply

if TYPE_CHECKING:
    from jinja2 import Environment


class Reach(NamedTuple):
    """What a page may do beyond itself, as sources of a content policy (R-56, D-12).

    A browser applies `form-action` to the redirects that follow a form, so a page whose form leads
    back to an application names the application's origin there.
    """

    forms: tuple[str, ...] = ()
    frames: tuple[str, ...] = ()
    framed_by: tuple[str, ...] = ()


def headers(reach: Reach = Reach()) -> Headers:  # noqa: B008  (frozen, so one serves all)
    """The headers of a page."""
    forms = " ".join(("'self'", *reach.forms))
    framed_by = " ".join(reach.framed_by) or "'none'"
    frames = f"frame-src {' '.join(reach.frames)}; " if reach.frames else ""
    policy = (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        f"connect-src 'self'; form-action {forms}; {frames}"
        f"base-uri 'none'; frame-ancestors {framed_by}"
    )
    framing: Headers = () if reach.framed_by else (("X-Frame-Options", "DENY"),)
    return (
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Security-Policy", policy),
        *framing,
        ("Cross-Origin-Opener-Policy", "same-origin"),
        *NO_STORE,
    )


_ROOM = files("gatepost.web")
_STATIC_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}


def page(status: int, template: str, **values: Any) -> Reply:
    """A page made from a template, which reaches nowhere."""
    return page_reaching(Reach(), status, template, **values)


def page_reaching(reach: Reach, status: int, template: str, **values: Any) -> Reply:
    """A page made from a template."""
    text = _environment().get_template(template).render(**values)
    return Reply(status, text.encode(), headers(reach))


def static_file(name: str) -> Reply | None:
    """One of the files that pages need, or None when there is none of this name."""
    return _static_files().get(name)


@cache
def _static_files() -> dict[str, Reply]:
    found = {}
    for entry in (_ROOM / "static").iterdir():
        media_type = _STATIC_TYPES.get(entry.name.rpartition(".")[2])
        if media_type is not None:
            headers = (("Content-Type", media_type), ("Cache-Control", "public, max-age=3600"))
            found[entry.name] = Reply(200, entry.read_bytes(), headers)
    return found


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FunctionLoader, StrictUndefined  # noqa: PLC0415  (start-up)

    def load(name: str) -> tuple[str, str, None]:
        path = _ROOM / "templates" / name
        return path.read_text(), str(path), None

    return Environment(
        loader=FunctionLoader(load),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
