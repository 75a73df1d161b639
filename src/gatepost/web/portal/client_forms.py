"""The form of a client, read off its kind: what it asks, what was typed, what is wrong with it.

No kind is named here: fields, words and bounds are those of the settings (decision 0004).
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple, get_args, get_origin

import msgspec

from gatepost.model import reading
from gatepost.model.client_kinds import ClientKind
from gatepost.model.reading import Member, members_of
from gatepost.model.text import quoted
from gatepost.web.portal.visits import Fields

_DRAFT = "draft:"
_MAX_DIGITS = 9


class Entry(NamedTuple):
    """One field of a form: what was typed in it, what it means, and what is wrong with it.

    `value` is a text, a yes or no, or a tuple of texts, by the control. `item_problems` are those
    of single entries of a list.
    """

    member: Member
    control: str
    value: Any
    read: Any = None
    problem: str | None = None
    item_problems: Mapping[str, str] = {}
    draft: str = ""

    @property
    def name(self) -> str:
        """The name of the field in the form."""
        return self.member.attribute

    @property
    def is_wrong(self) -> bool:
        """Whether something is to be mended here."""
        return self.problem is not None or bool(self.item_problems)


class Form(NamedTuple):
    """All fields of a form, in their order, and which of them must be filled in."""

    kind: ClientKind
    entries: tuple[Entry, ...]
    required: tuple[str, ...]

    @property
    def members(self) -> dict[str, Any]:
        """What the form says, as the services take it."""
        return {entry.name: entry.read for entry in self.entries}

    @property
    def is_wrong(self) -> bool:
        """Whether anything is to be mended."""
        return any(entry.is_wrong for entry in self.entries)

    def pairs(self) -> list[tuple[str, str]]:
        """What was typed, as hidden fields carry it to the next step."""
        return [(entry.name, text) for entry in self.entries for text in _texts(entry.value)]

    def but(self, name: str, **changes: Any) -> "Form":
        """The form with one field changed."""
        changed = (e._replace(**changes) if e.name == name else e for e in self.entries)
        return self._replace(entries=tuple(changed))


def empty(kind: ClientKind) -> Form:
    """A form for a new client, with the defaults of its settings."""
    defaults = _defaults(kind)
    entries = (_entry(m, _typed(m, defaults.get(m.attribute))) for m in asked(kind))
    return Form(kind, tuple(entries), kind.required_on_form)


def of(kind: ClientKind, settings: object) -> Form:
    """A form that says what a client is set to; its id is fixed, and its roles have a form.

    A client that was added by a program may lack what a person is asked for; none loses it here.
    """
    members = [m for m in asked(kind) if m.attribute not in ("id", "role_ids")]
    entries = (_entry(m, _typed(m, getattr(settings, m.attribute))) for m in members)
    has = tuple(name for name in kind.asked_of_people if getattr(settings, name))
    return Form(kind, tuple(entries), kind.required_on_create + has)


def read(form: Form, fields: Fields) -> Form:
    """The form as it was sent: what is still in the box of a list counts as added."""
    return form._replace(entries=tuple(_read(form, e.member, fields) for e in form.entries))


def with_lists(form: Form, op: str) -> Form:
    """The form after `+` or a remove button of a list: `add:NAME` or `remove:NAME:INDEX`."""
    what, _, rest = op.partition(":")
    name, _, index = rest.partition(":")
    entry = next((e for e in form.entries if e.name == name and e.control == "list"), None)
    if what != "remove" or entry is None or not (index.isascii() and index.isdigit()):
        return form
    left = tuple(item for i, item in enumerate(entry.value) if i != int(index[:4]))
    return form.but(name, value=left)


def is_list_op(op: str, fields: Fields) -> bool:
    """Whether a button of a list was pressed, or Enter in the box of one."""
    drafts = any(name.startswith(_DRAFT) and text.strip() for name, text in fields.pairs)
    return op.startswith(("add:", "remove:")) or (op == "enter" and drafts)


def only_lists_judged(form: Form) -> Form:
    """The form while a list is being filled: what else is missing is not yet wrong."""
    kept = (e if e.control == "list" else e._replace(problem=None) for e in form.entries)
    return form._replace(entries=tuple(kept))


def asked(kind: ClientKind) -> list[Member]:
    """The members that the form of a kind asks for, in its order."""
    known = {member.attribute: member for member in members_of(kind.settings)}
    return [known[name] for name in (*kind.asked, *kind.asked_rarely)]


def item_problem(member: Member, item: str) -> str | None:
    """What is wrong with one entry of a list."""
    found = reading.read_member(member, [item])
    if not isinstance(found, reading.Problem):
        return None
    return _in_words(found, f"{member.name}[0] {quoted(item)} ")


def control_of(member: Member) -> str:
    """How a member is asked for."""
    plain = get_args(member.type)[0]
    if plain is bool:
        return "checkbox"
    if plain is int:
        return "number"
    if get_origin(plain) is tuple:
        return "roles" if member.attribute == "role_ids" else "list"
    return "text"


@cache
def _defaults(kind: ClientKind) -> dict[str, Any]:
    known = msgspec.structs.fields(kind.settings)
    return {row.name: row.default for row in known if not row.required}


def _entry(member: Member, value: Any) -> Entry:
    return Entry(member, control_of(member), value)


def _typed(member: Member, value: object) -> Any:
    """A setting as the form's control has it."""
    control = control_of(member)
    if control == "checkbox":
        return bool(value)
    if control in ("list", "roles"):
        return value if isinstance(value, tuple) else ()
    return "" if value is None else str(value)


def _read(form: Form, member: Member, fields: Fields) -> Entry:
    return _READERS[control_of(member)](form, member, fields)


def _checkbox(_form: Form, member: Member, fields: Fields) -> Entry:
    on = fields.has(member.attribute)
    return Entry(member, "checkbox", on, on)


def _text(form: Form, member: Member, fields: Fields) -> Entry:
    typed = fields.get(member.attribute).strip()
    entry = Entry(member, "text", typed)
    if not typed:
        missing = member.attribute in form.required
        return entry._replace(problem=_mend(member) if missing else None)
    return _judged(entry, typed)


def _number(form: Form, member: Member, fields: Fields) -> Entry:
    """A number that was emptied is the default again."""
    typed = fields.get(member.attribute).strip() or str(_defaults(form.kind)[member.attribute])
    entry = Entry(member, "number", typed)
    if not (typed.isascii() and typed.isdigit() and len(typed) <= _MAX_DIGITS):
        return entry._replace(problem=_mend(member))
    return _judged(entry, int(typed))


def _list(form: Form, member: Member, fields: Fields) -> Entry:
    """A draft that is wrong stays in its box; the rest of the list is kept whatever it says."""
    name, box = member.attribute, fields.get(_DRAFT + member.attribute).strip()
    items = tuple(dict.fromkeys(item.strip() for item in fields.all(name) if item.strip()))
    entry = Entry(member, "list", items)
    wrong = item_problem(member, box) if box else None
    if wrong is not None:
        return entry._replace(problem=wrong, draft=box)
    items = tuple(dict.fromkeys((*items, box))) if box else items
    faults = {item: fault for item in items if (fault := item_problem(member, item))}
    entry = entry._replace(value=items, item_problems=faults)
    if not items and name in form.required:
        return entry._replace(problem=_mend(member))
    return entry if faults else _judged(entry, list(items))


def _roles(_form: Form, member: Member, fields: Fields) -> Entry:
    chosen = tuple(dict.fromkeys(fields.all(member.attribute)))
    return _judged(Entry(member, "roles", chosen), list(chosen))


def _judged(entry: Entry, value: object) -> Entry:
    found = reading.read_member(entry.member, value)
    if isinstance(found, reading.Problem):
        prefix = f"{entry.member.name} {quoted(value)} "
        return entry._replace(problem=_in_words(found, prefix))
    return entry._replace(read=found)


def _in_words(problem: reading.Problem, prefix: str) -> str:
    """The problem as it stands under its field, where the name need not be said again."""
    rest = problem.reason.removeprefix(prefix)
    mend = _typing(problem.mend)
    return mend if rest == problem.reason else f"It {rest} {mend}"


def _mend(member: Member) -> str:
    return _typing((member.meta.extra or {})["mend"])


def _typing(mend: str) -> str:
    """What callers are told to send, people are told to enter."""
    return mend.replace("Send a list of at", "Enter at").replace("Send ", "Enter ")


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, bool):
        return ("true",) if value else ()
    if isinstance(value, tuple):
        return value
    return (value,) if value else ()


_READERS: Mapping[str, Callable[[Form, Member, Fields], Entry]] = {
    "checkbox": _checkbox,
    "list": _list,
    "number": _number,
    "roles": _roles,
    "text": _text,
}
