"""The two fields of a secret, description and expiry, as a form shows them and sends them.

They stand on the form of a new secret, of one that is changed, and on step two of Add Client, by
the partial `secret_fields.html`.
"""

from datetime import datetime
from typing import Any

from gatepost.model.bodies import SecretBody
from gatepost.model.clients import Secret, SecretDraft
from gatepost.model.reading import Problem, members_of, read_member
from gatepost.model.text import refused_character
from gatepost.web.portal.moments import Zone, year_on
from gatepost.web.portal.visits import Fields, Visit

_DESCRIPTION = next(row for row in members_of(SecretBody) if row.attribute == "description")
Problems = dict[str, str]


def shown(visit: Visit, fields: Fields | None, stored: Secret | None = None) -> dict[str, Any]:
    """What the fields show: what was typed, else the secret as it is stored, else the usual."""
    usual = year_on(visit.world.clock.now())
    ends = (stored.expires_at if stored else None) or usual
    zone = _zone(visit, fields)
    usual_text = zone.typed(ends)
    values = {
        "secret_description": (stored.description if stored else None) or "",
        "secret_expiration": usual_text,
        "secret_never": stored is not None and stored.expires_at is None,
        "secret_zone": zone.name,
        "zone_words": zone.words(ends),
    }
    if fields is None:
        return values
    never = fields.has("secret_never")
    # a script switches the date off while the box is checked, and then it is not sent
    typed = fields.get("secret_expiration", usual_text if never else "")
    return values | {
        "secret_description": fields.get("secret_description"),
        "secret_expiration": typed,
        "secret_never": never,
    }


def read(
    visit: Visit, fields: Fields, stored: Secret | None = None
) -> tuple[SecretDraft | None, Problems]:
    """What the fields ask for, or what is wrong with each of them.

    An expiry that is as the form showed it stays what is stored, to the second.
    """
    description, problem = _description(visit, fields.get("secret_description").strip())
    problems = {"secret_description": problem} if problem else {}
    expiration: datetime | None = None
    if not fields.has("secret_never"):
        found = _expiration(visit, fields, stored.expires_at if stored else None)
        if isinstance(found, str):
            problems["secret_expiration"] = found
        else:
            expiration = found
    if problems:
        return None, problems
    expires = expiration is not None
    return SecretDraft(description=description, expires=expires, expiration=expiration), {}


def links(problems: Problems) -> list[tuple[str, str]]:
    """What is wrong, with the addresses of the fields, for the top of a page."""
    return [(f"#{name or 'secret_description'}", text) for name, text in problems.items()]


def _description(visit: Visit, text: str) -> tuple[str | None, str | None]:
    if not isinstance(read_member(_DESCRIPTION, text), Problem):
        return text or None, None
    character = refused_character(text)
    if character:
        return None, visit.say("secrets.problem_character", character=character)
    return None, visit.say("secrets.problem_long", most=_DESCRIPTION.meta.max_length)


def _expiration(visit: Visit, fields: Fields, stored: datetime | None) -> datetime | str:
    zone, text = _zone(visit, fields), fields.get("secret_expiration").strip()
    if not text:
        return visit.say("secrets.problem_no_date")
    if stored is not None and text == zone.typed(stored):
        return stored
    moment = zone.read(text)
    if moment is None:
        return visit.say("secrets.problem_date", zone=zone.name)
    if moment <= visit.world.clock.now():
        return visit.say("secrets.problem_past")
    return moment


def _zone(visit: Visit, fields: Fields | None) -> Zone:
    """The zone that the form was shown in, whatever the browser says by now."""
    named = fields.get("secret_zone") if fields else ""
    return Zone.named(named) if named else visit.zone
