"""A whole run, and then every secret that it made is looked for in the evidence of it.

The dice give every secret that we make, the signer every token, the hasher every hash. Each of
them is heard, and so is what people typed. The journal is looked at as it is exported.
"""

import logging
from datetime import timedelta
from pathlib import Path

import pytest

from gatepost.crypto.attesting import CheckpointKeys
from gatepost.crypto.jose import Jose
from gatepost.crypto.sealing import MasterKey
from gatepost.model.events import Action
from gatepost.outgoing import FileWitness
from gatepost.services import checkpoints, journal_export, retention
from gatepost.services.journal_export import Part
from gatepost.services.retention import RetentionRules
from gatepost.system import SystemDice
from tests.services.world import PlainPasswords
from tests.web.indoors import Indoors, indoors
from tests.web.whole_run import hearing, whole_run

pytestmark = pytest.mark.requirement("R-76", "R-78", "D-14")

SHORTEST = 8
MASTER = bytes(range(32))
HAPPENED = {
    Action.SECRET_ADDED,
    Action.SECRET_REMOVED,
    Action.CLIENT_REMOVED,
    Action.PASSWORD_SET,
    Action.PASSWORD_LINK_MADE,
    Action.SIGNED_IN,
    Action.SIGN_IN_REFUSED,
    Action.SIGN_IN_ENDED,
    Action.SIGN_INS_LISTED,
    Action.CONSENT_GIVEN,
    Action.DEVICE_DECIDED,
    Action.TOKEN_REFUSED,
    Action.TOKEN_REVOKED,
    Action.GRANT_REVOKED,
    Action.JOURNAL_EXPORTED,
    Action.JOURNAL_CUT,
}
"""What the run did with secrets, at the least."""


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Every secret that is made from now on."""
    known: set[str] = set()
    for owner, name in ((SystemDice, "token"), (Jose, "sign"), (PlainPasswords, "hash")):
        monkeypatch.setattr(owner, name, hearing(getattr(owner, name), known))
    return known


def test_no_secret_of_a_whole_run_is_in_the_journal(
    heard: set[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    place = indoors()
    typed = whole_run(place)
    written = _taken_away(place, tmp_path / "kept.jsonl")
    ours = [record for record in caplog.records if record.name.startswith("gatepost")]
    logged = "\n".join(f"{record.getMessage()} {vars(record)}" for record in ours)
    for text in (written, logged):
        assert [
            secret for secret in heard | typed if len(secret) >= SHORTEST and secret in text
        ] == []
    assert len(heard) > 40
    told = {action for action in Action if f'"{action.value}"' in written}
    assert told >= HAPPENED


def _taken_away(place: Indoors, kept: Path) -> str:
    """All that leaves as evidence: the export before and after a trim, and the checkpoints."""
    world, master = place.world, MasterKey(MASTER)
    before = b"".join(journal_export.export(world, None, Part()))
    checkpoints.write(world, CheckpointKeys(master), FileWitness(kept))
    later = world.clock.now() + timedelta(seconds=1)
    rules = RetentionRules(timedelta(days=30), "all")
    assert retention.trim(world, place.served.first.id, later, rules) > 0
    after = b"".join(journal_export.export(world, None, Part()))
    return (before + after + kept.read_bytes()).decode()
