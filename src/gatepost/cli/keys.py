"""Commands for the keys that sign tokens."""

import math
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from gatepost.app import key_rules
from gatepost.cli.context import CommandFault, config_option, house_of, json_option, show
from gatepost.cli.master_keys import new_master, retire, rewrap, yes_option
from gatepost.model.keys import KeyRules, Phase, SigningKey, due_at, signing_key, successor
from gatepost.services import key_schedule
from gatepost.services import keys as signing_keys
from gatepost.services.key_schedule import Revoked

_PHASE_NOTE = "A key signs from its active date on, and verifies until it is removed."
_JSON_ONLY = frozenset({"ActiveFrom", "RetainedFrom", "RemovedFrom"})
_SOON = (
    "What they signed is refused here within a second, on every node. Other servers refuse it when "
    "their copy of the key set ends: they may keep it for five minutes, or as long as they like. "
    "Applications get new tokens by themselves or ask people to sign in."
)


@click.group()
def keys() -> None:
    """List and rotate the keys that sign tokens, and change the master key."""


@keys.command("list", epilog=_PHASE_NOTE)
@json_option
@config_option
def keys_list(as_json: bool, config: Path | None) -> None:
    """List the signing keys: the phase each is in, and what happens next and when."""
    with house_of(config) as house:
        rows, rules, now = (
            signing_keys.listed(house.world),
            key_rules(house),
            house.world.clock.now(),
        )
    all_keys = tuple(key for key, _ in rows)
    told = [_row(key, phase, all_keys, (now, rules)) for key, phase in rows]
    if not as_json:
        told = [{name: row[name] for name in row if name not in _JSON_ONLY} for row in told]
    show(told, as_json=as_json)


@keys.command("rotate")
@click.option(
    "--announce-days",
    type=click.FloatRange(0, 365),
    help="How long the new key is published before it signs; 0 is at once.  "
    "[default: GATEPOST_KEY_ANNOUNCE_DAYS]",
)
@click.option(
    "--emergency",
    is_flag=True,
    help="A new key signs at once, and all others are removed with all that they signed.",
)
@yes_option
@config_option
def keys_rotate(
    announce_days: float | None, emergency: bool, yes: bool, config: Path | None
) -> None:
    """Add a signing key that takes over after it was announced.

    Announcing gives those who verify tokens the time to learn the key. What older keys have signed
    goes on to verify, but for an emergency.
    """
    if announce_days is not None and (emergency or math.isnan(announce_days)):
        raise CommandFault("--announce-days is no number here. Give for example 14, or leave it.")
    with house_of(config) as house:
        if emergency:
            _ask(f"All signing keys are removed. {_SOON} Go on?", yes=yes)
            done = key_schedule.replace_all(house.world, house.settings.signing_algorithm)
            _tell(done)
            return
        wait = None if announce_days is None else timedelta(days=announce_days)
        key = key_schedule.rotate(house.world, key_rules(house), wait)
    click.echo(f"{key.kid} ({key.algorithm}) signs from {key.active_from.isoformat()}")


@keys.command("revoke")
@click.argument("kid")
@yes_option
@config_option
def keys_revoke(kid: str, yes: bool, config: Path | None) -> None:
    """Remove one signing key at once, with all that it signed.

    Where it signed, the announced key does from now on, or else a new one.
    """
    with house_of(config) as house:
        if kid not in {key.kid for key, _ in signing_keys.listed(house.world)}:
            raise CommandFault(
                "There is no signing key of this id. To see them: gatepost keys list"
            )
        _ask(f"The signing key {kid} is removed. {_SOON} Go on?", yes=yes)
        done = key_schedule.revoke(house.world, house.settings.signing_algorithm, kid)
    if done is None:
        raise CommandFault("Somebody else removed this key meanwhile.")
    _tell(done)


for _command in (new_master, rewrap, retire):
    keys.add_command(_command)


def _row(
    key: SigningKey, phase: Phase, all_keys: tuple[SigningKey, ...], by: tuple[datetime, KeyRules]
) -> dict[str, Any]:
    now, rules = by
    what, when = _next(key, all_keys, now, rules)
    return {
        "Kid": key.kid,
        "Algorithm": key.algorithm,
        "Phase": phase.value,
        "AgeDays": max(0, (now - key.created_at).days),
        "Next": what,
        "NextAt": when,
        "ActiveFrom": key.active_from,
        "RetainedFrom": key.retained_from,
        "RemovedFrom": key.removed_from,
    }


def _next(
    key: SigningKey, all_keys: tuple[SigningKey, ...], now: datetime, rules: KeyRules
) -> tuple[str, datetime | None]:
    """What becomes of a key next, and when; None for on order only."""
    phase = key.phase(now)
    if phase is Phase.ANNOUNCED:
        return ("signs", key.active_from) if _signs(key) else ("is removed", key.removed_from)
    if phase is not Phase.ACTIVE:
        return "is removed", key.removed_from if phase is Phase.RETAINED else now
    if key != signing_key(all_keys, now) or successor(all_keys, now) is not None:
        return "verifies only", key.retained_from
    return "a successor is announced", due_at(all_keys, now, rules)


def _signs(key: SigningKey) -> bool:
    return key.retained_from is None or key.retained_from > key.active_from


def _ask(question: str, *, yes: bool) -> None:
    if not yes:
        click.confirm(question, abort=True)


def _tell(done: Revoked) -> None:
    for kid in done.kids:
        click.echo(f"{kid} is removed")
    click.echo(f"{done.signing.kid} ({done.signing.algorithm}) signs")
    click.echo(_SOON)
