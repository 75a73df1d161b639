"""Pages for people: templates with escaping on, a strict content policy, nothing from elsewhere."""

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from gatepost.web.http import NO_STORE, Headers, Reply

if TYPE_CHECKING:
    from jinja2 import Environment

_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Headers = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Security-Policy", _POLICY),
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    *NO_STORE,
)
_ROOM = files("gatepost.web")
_STATIC_TYPES = {"css": "text/css; charset=utf-8", "svg": "image/svg+xml"}


def page(status: int, template: str, **values: Any) -> Reply:
    """A page made from a template."""
    text = _environment().get_template(template).render(**values)
    return Reply(status, text.encode(), HEADERS)


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

    def load(name: str) -> str:
        return (_ROOM / "templates" / name).read_text()

    return Environment(
        loader=FunctionLoader(load),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
