"""Log lines for people or for machines; line breaks in data can forge no entry (R-77)."""

import json
import logging
import sys
from datetime import UTC, datetime

_OWN = ("operation_id", "address")


class TextLines(logging.Formatter):
    """One line an entry, for people."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        details = " ".join(f"{name}={value}" for name, value in _details(record).items())
        words = flat(_words(record, self))
        return f"{_time(record)} {record.levelname:7} {words} {details}".rstrip()


class JsonLines(logging.Formatter):
    """One JSON object an entry, for machines."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        entry = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _words(record, self),
            **_details(record),
        }
        return json.dumps(entry)


def start_logging(log_format: str) -> None:
    """Send our log to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if log_format == "json" else TextLines())
    for name in ("gatepost", "uvicorn"):
        log = logging.getLogger(name)
        log.handlers[:] = [handler]
        log.propagate = False
    logging.getLogger("gatepost").setLevel(logging.INFO)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _words(record: logging.LogRecord, formatter: logging.Formatter) -> str:
    words = record.getMessage()
    return f"{words}\n{formatter.formatException(record.exc_info)}" if record.exc_info else words


def _details(record: logging.LogRecord) -> dict[str, str]:
    return {name: getattr(record, name) for name in _OWN if hasattr(record, name)}


def flat(text: str) -> str:
    """Text on one line: whatever could start a new one is shown as an escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
