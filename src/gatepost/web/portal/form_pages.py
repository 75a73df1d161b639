"""A client's form as a page shows it: its fields in two groups, and links to what is wrong."""

from typing import Any

from gatepost.web.portal.client_forms import Entry, Form
from gatepost.web.portal.role_choices import role_choices
from gatepost.web.portal.visits import Visit


def shown(visit: Visit, form: Form, at: str = "") -> dict[str, Any]:
    """The fields for the template; `at` is the button of a list that was pressed, for the focus."""
    name = at.partition(":")[2].partition(":")[0]
    rare = frozenset(form.kind.asked_rarely)
    fields = [_field(visit, form, entry, name) for entry in form.entries]
    rarely = [field for field in fields if field["name"] in rare]
    return {
        "fields": [field for field in fields if field["name"] not in rare],
        "rarely": rarely,
        "rarely_open": any(field["wrong"] or field["changed"] for field in rarely),
    }


def problem_links(form: Form) -> list[tuple[str, str]]:
    """Everything that is wrong with the form, each with the address of its field."""
    links = []
    for entry in form.entries:
        title = entry.member.meta.title
        if entry.problem:
            links.append((f"#{entry.name}", f"{title}: {entry.problem}"))
        for item, text in entry.item_problems.items():
            links.append((f"#{entry.name}", f"{title}: {item}: {text}"))
    return links


def _field(visit: Visit, form: Form, entry: Entry, focus: str) -> dict[str, Any]:
    meta = entry.member.meta
    is_required = entry.name in form.required
    may_be_left = not is_required and entry.control != "checkbox"
    return {
        "name": entry.name,
        "control": entry.control,
        "label": visit.say(f"field.{entry.name}.label"),
        "hint": visit.say(f"field.{entry.name}.hint"),
        "caution": _caution(visit, entry),
        "required": is_required,
        "optional": visit.say("form.optional") if may_be_left else None,
        "value": entry.value,
        "draft": entry.draft,
        "problem": entry.problem,
        "item_problems": entry.item_problems,
        "wrong": entry.is_wrong,
        "changed": bool(entry.value) if entry.control != "number" else False,
        "focus": entry.name == focus,
        "add": visit.say("form.add", what=meta.title),
        "choices": role_choices(visit, entry.value) if entry.control == "roles" else None,
        "most": meta.max_length,
    }


def _caution(visit: Visit, entry: Entry) -> str | None:
    known = {"allow_access_tokens_via_browser", "allow_offline_access"}
    return visit.say(f"field.{entry.name}.caution") if entry.name in known else None
