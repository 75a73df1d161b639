"""Log lines for people or for machines; line breaks in data can forge no entry (R-77).

What the members of a line for machines mean stands in docs/operations.md, "Watch".
"""

import json
import logging
import sys
from datetime import UTC, datetime

from gatepost.web import current

_FOR_ALL = ("operation_id", "address")
_FOR_MACHINES = (*_FOR_ALL, "action", "reason")


class TextLines(logging.Formatter):
    """One line an entry, for people."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        details = _details(record, _FOR_ALL).items()
        told = " ".join(f"{name}={flat(value)}" for name, value in details)
        words = flat("\n".join([record.getMessage(), *_exception(record, self)]))
        return f"{_time(record)} {record.levelname:7} {words} {told}".rstrip()


class JsonLines(logging.Formatter):
    """One JSON object an entry, for machines."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        entry = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_details(record, _FOR_MACHINES),
        }
        for text in _exception(record, self):
            entry["exception"] = text
        return json.dumps(entry)


def start_logging(log_format: str) -> None:
    """Send our log to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if log_format == "json" else TextLines())
    for name in ("gatepost", "uvicorn", "opentelemetry"):
        log = logging.getLogger(name)
        log.handlers[:] = [handler]
        log.propagate = False
    logging.getLogger("gatepost").setLevel(logging.INFO)
    for name in ("uvicorn", "opentelemetry"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _exception(record: logging.LogRecord, formatter: logging.Formatter) -> list[str]:
    """Where a fault happened, if the line is of one."""
    return [formatter.formatException(record.exc_info)] if record.exc_info else []


def _details(record: logging.LogRecord, names: tuple[str, ...]) -> dict[str, str]:
    """Whose request the line belongs to: as whoever wrote it says, or as the thread knows."""
    origin = current.origin()
    known = {} if origin is None else origin._asdict()
    told = {name: getattr(record, name) for name in names if hasattr(record, name)}
    return {**known, **told}


def flat(text: str) -> str:
    """Text on one line: whatever could start a new one is shown as an escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
