from typing import Any

from bench import grown
from bench.grown import BEFORE, SIGN_INS, SWEPT, TOKENS, TRIMMED, Stock


def stage(bytes_: float = 0, **rows: float) -> dict[str, Any]:
    return {"rows": rows, "bytes": bytes_}


NOTHING = {each: stage() for each in (BEFORE, SWEPT, TRIMMED)}
RESULTS = {
    "done": {"tokens": 4_000, "sign_ins": 250},
    "work": {
        TOKENS: {"SQLite": NOTHING},
        SIGN_INS: {
            "SQLite": {
                BEFORE: stage(3_000, events=2, codes=1),
                SWEPT: stage(1_000, events=2),
                TRIMMED: stage(),
            }
        },
    },
}


def test_growth_is_what_is_there_more_for_each_one_done() -> None:
    first, now = Stock({"events": 5, "codes": 0, "users": 3}, 1_000), Stock
    more = grown._more(first, now({"events": 9, "codes": 1, "users": 3}, 9_000), 4)
    assert more == {"rows": {"events": 1.0, "codes": 0.25}, "bytes": 2_000}


def test_a_million_is_told_with_the_rows_that_there_are() -> None:
    told = grown.tables(RESULTS)
    assert f"| {TOKENS} | SQLite | 0 | 0 | 0 | 0 | 0 | 0 |" in told
    assert f"| {SIGN_INS} | SQLite | 3,000,000 | 3,000 | 2,000,000 | 1,000 | 0 | 0 |" in told
    assert f"by a million {TOKENS}" not in told
    assert "| `codes` | 1,000,000 | 0 | 0 |" in told
    assert "on 4,000 tokens and 250 sign-ins" in told
