"""Answers that wait for each other: all are sent, whoever is gone meanwhile."""

import asyncio

from gatepost.cli.outbox import outbox_of


class Line:
    """A connection that refuses whatever is written once it is closed, as those of uvloop do."""

    def __init__(self, *, is_gone: bool = False) -> None:
        self.is_gone = is_gone
        self.written: list[bytes] = []

    def is_closing(self) -> bool:
        return self.is_gone

    def write(self, message: bytes) -> None:
        if self.is_gone:
            raise RuntimeError("it is closed")
        self.written.append(message)


def test_who_is_gone_takes_no_answer_from_those_who_are_there() -> None:
    lines = [Line(), Line(is_gone=True), Line()]

    async def answer() -> None:
        for number, line in enumerate(lines):
            outbox_of(asyncio.get_running_loop()).put(line, b"%d" % number)
        await asyncio.sleep(0)

    asyncio.run(answer())
    assert [line.written for line in lines] == [[b"0"], [], [b"2"]]
