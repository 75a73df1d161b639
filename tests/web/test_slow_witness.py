"""A place for checkpoints that does not answer: nobody who asks for anything waits for it."""

import threading
from pathlib import Path

import pytest

from gatepost.outgoing import FileWitness
from gatepost.services import checkpoints
from tests.flows import Visitor, new_application, new_person
from tests.served import serve, sqlite_settings

PATIENCE_S = 300


@pytest.mark.requirement("R-78", "D-14")
def test_requests_are_answered_while_a_checkpoint_waits_for_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, release = threading.Event(), threading.Event()
    keep = FileWitness.keep

    def slow(witness: FileWitness, line: bytes) -> str | None:
        asked.set()
        assert release.wait(PATIENCE_S)
        return keep(witness, line)

    monkeypatch.setattr(FileWitness, "keep", slow)
    kept = tmp_path / "kept.jsonl"
    with serve(sqlite_settings(tmp_path, checkpoints=kept)) as served:
        assert asked.wait(PATIENCE_S)
        person, client = new_person(served, served.first), new_application(served, served.first)
        visitor = Visitor(served)
        assert visitor.through(visitor.authorize(client), person).answer["code"]
        assert served.token(served.first.client_id, served.first.secret)
        assert not kept.exists()
        assert checkpoints.standing(served.house.world).newest is None
        release.set()
    assert len(kept.read_bytes().splitlines()) == 2  # the one that waited, and the last one
