"""Commands for the keys that sign tokens."""

import math
from datetime import timedelta
from pathlib import Path

import click

from gatepost.cli.context import CommandFault, config_option, house_of, json_option, show
from gatepost.services import keys as signing_keys

_PHASE_NOTE = "A key signs from its active date on, and verifies until it is removed."


@click.group()
def keys() -> None:
    """List and rotate the keys that sign tokens."""


@keys.command("list", epilog=_PHASE_NOTE)
@json_option
@config_option
def keys_list(as_json: bool, config: Path | None) -> None:
    """List the signing keys with their phases."""
    with house_of(config) as house:
        rows = signing_keys.listed(house.world)
    show(
        [
            {
                "Kid": key.kid,
                "Algorithm": key.algorithm,
                "Phase": phase.value,
                "ActiveFrom": key.active_from,
                "RetainedFrom": key.retained_from,
                "RemovedFrom": key.removed_from,
            }
            for key, phase in rows
        ],
        as_json=as_json,
    )


@keys.command("rotate")
@click.option(
    "--announce-days",
    type=click.FloatRange(0, 365),
    default=signing_keys.ANNOUNCE_FOR.days,
    show_default=True,
    help="How long the new key is published before it signs; 0 is at once.",
)
@config_option
def keys_rotate(announce_days: float, config: Path | None) -> None:
    """Add a signing key that takes over after it was announced.

    Announcing gives those who verify tokens the time to learn the key. What older keys have signed
    goes on to verify.
    """
    if math.isnan(announce_days):
        raise CommandFault("--announce-days is no number. Give for example 14, or 0 for at once.")
    with house_of(config) as house:
        algorithm = house.settings.signing_algorithm
        key = signing_keys.rotate(house.world, algorithm, timedelta(days=announce_days))
    click.echo(f"{key.kid} ({key.algorithm}) signs from {key.active_from.isoformat()}")
