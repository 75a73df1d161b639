"""Each line that the log has of a fault bears the id that the page or the error shows."""

import html
import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gatepost.cli.logs import JsonLines, TextLines
from gatepost.model.errors import StoreUnavailable
from gatepost.model.events import Origin
from gatepost.web import current
from tests.flows import new_application
from tests.served import Served, serve, sqlite_settings

ORIGIN = Origin("3f2504e0-4f89-41d3-9a0c-0305e82c3301", "192.0.2.7")
MEMBERS = {"time", "level", "logger", "message"}


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Served]:
    """A server that a test may break."""
    with serve(sqlite_settings(tmp_path)) as served:
        yield served


@pytest.fixture
def heard() -> Iterator[io.StringIO]:
    """What the log writes for machines."""
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(JsonLines())
    log = logging.getLogger("gatepost")
    before, log.level = log.level, logging.INFO
    log.addHandler(handler)
    yield lines
    log.removeHandler(handler)
    log.level = before


def entries(heard: io.StringIO, level: str) -> list[dict[str, Any]]:
    """The entries of a level."""
    found = [json.loads(line) for line in heard.getvalue().splitlines()]
    return [entry for entry in found if entry["level"] == level]


class Fault(NamedTuple):
    """Something that goes wrong, what the log says of it, and the status of the answer."""

    raised: Exception
    level: str
    message: str
    status: int


FAULTS = (
    Fault(RuntimeError("where the secret is"), "error", "unexpected fault", 500),
    Fault(StoreUnavailable("no route"), "warning", "store unavailable: no route", 503),
)


@pytest.mark.requirement("R-59", "R-76")
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault.status))
def test_a_fault_is_found_by_the_id_that_is_shown(
    own: Served, heard: io.StringIO, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    client = new_application(own, own.first)
    admin = own.admin()

    def broken(*_: object) -> None:
        raise fault.raised

    for name in ("reading", "writing", "reading_all", "writing_all", "client_facts"):
        monkeypatch.setattr(own.house.store, name, broken)
    monkeypatch.setattr(own.house.store.epochs, "of", lambda _tenant: None)
    api = own.http.get(f"{own.api()}/Roles", headers=admin)
    page = own.http.get("/identity/connect/authorize", params={"client_id": client.id})
    assert [api.status_code, page.status_code] == [fault.status, fault.status]
    shown = re.search(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", html.unescape(page.text))
    assert shown is not None
    ids = [api.json()["OperationId"], shown[0]]
    assert ids == [answer.headers["Operation-Id"] for answer in (api, page)]
    told = [entry for entry in entries(heard, fault.level) if entry["message"] == fault.message]
    assert [entry["operation_id"] for entry in told] == ids
    assert {entry["address"] for entry in told} == {"127.0.0.1"}
    assert all(("exception" in entry) == (fault.level == "error") for entry in told)
    assert "where the secret is" not in api.text + page.text


def test_a_refusal_is_told_with_its_action_and_reason(own: Served, heard: io.StringIO) -> None:
    answer = own.http.get(f"{own.api()}/Roles", headers={"Authorization": "Bearer nothing"})
    (entry,) = entries(heard, "warning")
    assert entry == {
        "time": entry["time"],
        "level": "warning",
        "logger": "gatepost.refusals",
        "message": 'access.refused: bad_signature ("access token")',
        "operation_id": answer.headers["Operation-Id"],
        "address": "127.0.0.1",
        "action": "access.refused",
        "reason": "bad_signature",
    }


def record(message: str = "hello", **extra: object) -> logging.LogRecord:
    """Something that is logged."""
    values = {"name": "gatepost.mail", "levelname": "WARNING", "msg": message, "created": 1.5}
    return logging.makeLogRecord({**values, **extra})


def test_what_is_logged_while_a_call_is_answered_bears_its_id() -> None:
    assert json.loads(JsonLines().format(record())).keys() == MEMBERS
    with current.answering(ORIGIN):
        assert json.loads(JsonLines().format(record())) == {
            "time": "1970-01-01T00:00:01.500Z",
            "level": "warning",
            "logger": "gatepost.mail",
            "message": "hello",
            "operation_id": ORIGIN.operation_id,
            "address": ORIGIN.address,
        }
        text = TextLines().format(record())
        other = TextLines().format(record(operation_id="0af7", address="::1"))
    assert text.endswith(f"hello operation_id={ORIGIN.operation_id} address=192.0.2.7")
    assert other.endswith("hello operation_id=0af7 address=::1")
    assert current.origin() is None


@pytest.mark.requirement("R-77")
def test_neither_words_nor_members_can_forge_a_line() -> None:
    evil = 'a\n2031 INFO b", "level": "error\x1b\u2028'
    of = record(evil, operation_id=evil, address=evil, action=evil, reason=evil)
    text, line = TextLines().format(of), JsonLines().format(of)
    assert text.splitlines() == [text]
    assert text.isprintable()
    assert line.splitlines() == [line]
    assert json.loads(line)["level"] == "warning"
    assert json.loads(line)["reason"] == evil


def test_where_a_fault_happened_is_a_member_of_its_own() -> None:
    with pytest.raises(ValueError, match="invalid literal") as caught:
        int("within")
    of = record("it failed", exc_info=(caught.type, caught.value, caught.tb))
    told = json.loads(JsonLines().format(of))
    assert told["message"] == "it failed"
    assert told["exception"].startswith("Traceback")
    assert "ValueError: invalid literal" in told["exception"]
    assert "it failed\\nTraceback" in TextLines().format(of)
