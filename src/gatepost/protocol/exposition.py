"""Metrics as text: the exposition format of Prometheus, version 0.0.4."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gatepost.model.measures import BOUNDS_NS, Kind, Measure, Series

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_NS = 1_000_000_000
_BOUNDS = (*(format(bound / _NS, "g") for bound in BOUNDS_NS), "+Inf")
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


class Told(NamedTuple):
    """A series with its value; a histogram with its buckets and, last, its sum in nanoseconds."""

    series: Series
    values: Sequence[float]


def text(families: Iterable[tuple[Measure, Sequence[Told]]]) -> str:
    """All families, each under its description; of one without series only that is told."""
    lines: list[str] = []
    for measure, told in families:
        kind = Kind.GAUGE if measure.kind is Kind.AGE else measure.kind
        lines += [f"# HELP {measure.name} {measure.help}", f"# TYPE {measure.name} {kind.value}"]
        for each in told:
            lines += _lines(measure, each)
    return "\n".join(lines) + "\n"


def _lines(measure: Measure, told: Told) -> list[str]:
    labels = list(zip(measure.labels, told.series[1:], strict=True))
    if measure.kind is not Kind.HISTOGRAM:
        return [f"{measure.name}{_labels(labels)} {_number(told.values[0])}"]
    *buckets, total = told.values
    found, so_far = [], 0.0
    for bound, number in zip(_BOUNDS, buckets, strict=True):
        so_far += number
        found.append(f"{measure.name}_bucket{_labels([*labels, ('le', bound)])} {_number(so_far)}")
    found.append(f"{measure.name}_sum{_labels(labels)} {_number(total / _NS)}")
    found.append(f"{measure.name}_count{_labels(labels)} {_number(so_far)}")
    return found


def _labels(labels: Sequence[tuple[str, str]]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels) + "}"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
