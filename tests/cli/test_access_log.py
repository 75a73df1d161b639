"""The log of answers: the words of the log, written behind the answers, and none is lost."""

import json
import logging
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import httpx
import pytest

from gatepost.cli import access_log as module
from gatepost.cli.access_log import AccessLog, as_json, as_text
from gatepost.cli.logs import JsonLines, TextLines
from gatepost.model.events import Origin
from gatepost.web.front import Answered
from tests.cli.program import Place, Running

AT = datetime(2031, 5, 31, 14, 57, 8, 123500, tzinfo=UTC)
TOKEN = "/identity/connect/token"
FORMATS: dict[str, tuple[Callable[[datetime, Answered], str], logging.Formatter]] = {
    "text": (as_text, TextLines()),
    "json": (as_json, JsonLines()),
}
PATHS = {
    "plain": TOKEN,
    "line break": "/a\n2031-05-31T14:57:08.123Z INFO    GET /b 200 operation_id=x address=y",
    "return": "/a\r\n{}",
    "other breaks": "/a\u2028b\u0085c\x0bd\x1be\x00",
    "quotes": '/a", "level": "error\\',
    "words": "/Ü/📱/%s %d",
    "broken": "/\udcff",
}


def answered(path: str = TOKEN, **changes: object) -> Answered:
    """An answer."""
    values = {"method": "POST", "path": path, "status": 200, "origin": Origin("0af7", "::1")}
    return Answered(**{**values, **changes})  # type: ignore[arg-type]


def logged(formatter: logging.Formatter, at: datetime, of: Answered) -> str:
    """What the log of everything else writes of it."""
    words = {"name": "gatepost.http", "levelno": logging.INFO, "levelname": "INFO"}
    record = logging.makeLogRecord({**words, "created": at.timestamp(), **of.origin._asdict()})
    record.msg, record.args = "%s %s %s", (of.method, of.path, of.status)
    return formatter.format(record)


@pytest.mark.requirement("R-77")
def test_a_path_with_blanks_does_not_go_on_like_the_rest_of_a_line() -> None:
    of = answered("/x 200 operation_id=0000 address=203.0.113.9")
    written = as_text(AT, of)
    assert "/x%20200%20operation_id=0000%20address=203.0.113.9 200 operation_id=0af7" in written
    assert len(written.split()) == len(as_text(AT, answered()).split())


@pytest.mark.requirement("R-77")
@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
@pytest.mark.parametrize("name", FORMATS)
def test_a_line_is_what_the_log_would_write(name: str, path: str) -> None:
    line, formatter = FORMATS[name]
    for status in (200, 503):
        of = answered(path, status=status)
        written = logged(formatter, AT, of)
        if name == "json":
            of = of._replace(nanoseconds=1_234_567, route="/a/{b}")
            more = {"method": "POST", "path": path, "status": status, "route": "/a/{b}"}
            more |= {"seconds": 0.001235}  # type: ignore[dict-item]
            assert json.loads(line(AT, of)) == json.loads(written) | more
            assert line(AT, of).startswith(written.removesuffix("}"))
        else:
            shown = logged(formatter, AT, of._replace(path=path.replace(" ", "%20")))
            assert line(AT, of) == shown


@pytest.mark.requirement("R-77")
@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
@pytest.mark.parametrize("name", FORMATS)
def test_nothing_in_a_path_makes_a_line(name: str, path: str) -> None:
    line = FORMATS[name][0](AT, answered(path))
    assert line.splitlines() == [line]
    assert line.isprintable()


@pytest.mark.requirement("R-77")
def test_a_line_for_machines_says_what_was_answered() -> None:
    said = json.loads(as_json(AT, answered(PATHS["quotes"])))
    assert said["message"] == f"POST {PATHS['quotes']} 200"
    assert (said["level"], said["operation_id"], said["address"]) == ("info", "0af7", "::1")


def test_the_lines_of_a_moment_are_written_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    log = AccessLog("text")
    for number in range(3):
        log.note(answered(f"/{number}"))
    log._write()
    log._write()
    lines = capsys.readouterr().err.splitlines()
    assert [re.search(r"POST /(\d) ", line)[1] for line in lines] == ["0", "1", "2"]  # type: ignore[index]


def test_what_is_noted_while_others_are_written_is_not_lost(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An answer is noted in two steps: the writer may come between them."""
    log = AccessLog("text")

    class Between:
        """A clock that is asked while an answer is noted."""

        def now(self) -> datetime:
            """The moment; the writer takes all that is there just now."""
            log._write()
            return AT

    log._clock = Between()  # type: ignore[assignment]
    for number in range(3):
        log.note(answered(f"/{number}"))
    log._write()
    assert len(capsys.readouterr().err.splitlines()) == 3


def test_the_newest_are_let_go_when_nobody_takes_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "_MOST_LINES", 3)
    log = AccessLog("text")
    for number in range(10):
        log.note(answered(f"/{number}"))
    assert len(log._noted) == 3
    log._write()
    log.note(answered("/later"))
    log._write()
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[3] for line in lines] == ["/0", "/1", "/2", "/later"]


def test_what_is_left_is_written_when_it_stops(capsys: pytest.CaptureFixture[str]) -> None:
    log = AccessLog("text")
    log.start()
    for number in range(100):
        log.note(answered(f"/{number}"))
    log.stop()
    assert len(capsys.readouterr().err.splitlines()) == 100


def ids_of(server: Running, told: dict[str, str]) -> list[str]:
    """The operation ids of answers of many kinds, given at the same time."""
    form = {
        "grant_type": "client_credentials",
        "client_id": told["AdminClientId"],
        "client_secret": told["AdminClientSecret"],
    }

    def ask(number: int) -> list[str]:
        with httpx.Client(base_url=server.url, timeout=30) as http:
            answers = [
                http.post(TOKEN, data=form),
                http.post(TOKEN, data={**form, "client_secret": str(number)}),
                http.get(f"/nowhere/{number}%0Aforged"),
            ]
        return [answer.headers["operation-id"] for answer in answers]

    with ThreadPoolExecutor(8) as threads:
        return [id_ for ids in threads.map(ask, range(40)) for id_ in ids]


def read(text: str, log_format: str) -> list[str]:
    """The operation ids of the answers in a log."""
    if log_format == "json":
        entries = [json.loads(line) for line in text.splitlines()]
        return [it["operation_id"] for it in entries if it["logger"] == "gatepost.http"]
    return re.findall(
        r"^\S+ INFO    \w+ \S+ \d+ operation_id=(\S+) address=\S+$", text, re.MULTILINE
    )


@pytest.mark.requirement("R-77")
@pytest.mark.parametrize("log_format", ["text", "json"])
def test_each_answer_has_its_line_when_the_server_has_stopped(
    embedded: Place, log_format: str
) -> None:
    told = embedded.init()
    place = embedded.with_settings(GATEPOST_LOG_FORMAT=log_format)
    with place.serving() as server:
        given = ids_of(server, told)
        assert server.stop() == 0
    text = (place.folder / "server.log").read_text(encoding="utf-8")
    assert sorted(read(text, log_format)) == sorted(given)
    assert len(set(given)) == 120


def test_lines_are_not_kept_until_the_end(embedded: Place) -> None:
    told = embedded.init()
    with embedded.serving() as server:
        server.token(told["AdminClientId"], told["AdminClientSecret"])
        log = embedded.folder / "server.log"
        for _ in range(200):
            if TOKEN in log.read_text(encoding="utf-8"):
                break
            time.sleep(0.05)
        assert TOKEN in log.read_text(encoding="utf-8")
        assert server.stop() == 0
