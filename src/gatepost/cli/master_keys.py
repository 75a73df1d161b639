"""Commands that change the master key (docs/decisions/0027)."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from gatepost.app import House, add_master_key, holder_of, retire_master_key, rewrapping
from gatepost.cli.context import CommandFault, config_option, house_of, instant, json_option, show
from gatepost.ports import Rest
from gatepost.services import master_keys

yes_option: Callable[[Any], Any] = click.option("--yes", is_flag=True, help="Do not ask.")

_SEEN_S = 2.0
"""So long after a key came into use no server writes under another."""

_MOST_SECRETS = 20
_WHY = {
    "client secrets": "made anew when each is next used",
    "recovery codes": "until they are used or made anew by their person",
}
_SEALED = frozenset({"signing keys", "heads of journals", "try-outs", "authenticator apps"})
_LOST = {
    "signing keys": "they are lost, and what they signed is refused",
    "heads of journals": "their journals no longer verify",
    "try-outs": "they end",
    "authenticator apps": "their people cannot use them and need another way in",
    "client secrets": "they stop working",
    "recovery codes": "they stop working",
    "sign-ins": "people sign in again",
    "sessions of the portal": "people sign in again",
    "codes": "sign-ins that are under way fail",
    "refresh tokens": "applications ask people to sign in again",
    "device codes": "devices begin again",
    "pushed requests": "sign-ins that are under way fail",
    "requests under way": "sign-ins that are under way fail",
    "links to set a password": "links are made anew",
    "counters of guesses": "guesses are counted from the beginning",
}


@click.command("new-master")
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A new file for all keys, to be put where a holder that is no file has them.",
)
@config_option
def new_master(target: Path | None, config: Path | None) -> None:
    """Add a master key to the key file. It is not used yet.

    Copy the file to all nodes and restart them. Then: gatepost keys rewrap
    """
    with house_of(config) as house:
        number = add_master_key(house.settings, house.world, target)
        place = target or house.settings.key_file()
    click.echo(f"master key {number} is in {place}")
    click.echo("Keep a copy of that file. Put it on every node and restart them, then run:")
    click.echo("gatepost keys rewrap")


@click.command("rewrap")
@json_option
@config_option
def rewrap(as_json: bool, config: Path | None) -> None:
    """Put the newest master key into use, and seal anew under it what can be.

    Servers go on meanwhile. It may be run again at any time. It tells what still rests on each
    older key, and which can be taken out of the file.
    """
    with house_of(config) as house:
        rows, world = rewrapping(house), house.world
        until = master_keys.lacking(world, rows)
        if until is not None:
            seconds = int((until - world.clock.now()).total_seconds()) + 1
            raise CommandFault(
                f"A server runs without master key {world.secrets.numbers[0]}. Give all nodes the "
                f"newest key file and restart them. Those that were just restarted are known to "
                f"have it in {seconds} seconds."
            )
        if master_keys.use_newest(world):
            time.sleep(_SEEN_S)
        done = master_keys.rewrap(world, rows)
        rests = {number: rows.rests(number) for number in world.secrets.numbers[1:]}
    if as_json:
        show([_told(number, rest) for number, of in rests.items() for rest in of], as_json=True)
        return
    click.echo(f"master key {world.secrets.numbers[0]} is in use")
    for each in done:
        click.echo(f"{each.kind}: {each.rows} sealed anew")
        for key in each.broken:
            click.echo(f"{each.kind}: {' '.join(key)} cannot be opened, and stays as it is")
    for number, of in rests.items():
        _tell_rests(number, of)


@click.command("retire")
@click.argument("number", type=int)
@click.option("--force", is_flag=True, help="Also when something rests on it, which is then lost.")
@yes_option
@config_option
def retire(number: int, force: bool, yes: bool, config: Path | None) -> None:
    """Take a master key out of the key file, when nothing rests on it any more."""
    with house_of(config) as house:
        if number not in house.world.secrets.numbers:
            raise CommandFault(f"There is no master key {number} in {_place(house)}.")
        if house.world.secrets.key_in_use == number:
            raise CommandFault(
                f"Master key {number} is in use. Make another first: gatepost keys new-master"
            )
        rests = rewrapping(house).rests(number)
        if rests:
            _tell_lost(house, number, rests)
            if not force:
                raise CommandFault(
                    f"Something rests on master key {number}. Run: gatepost keys rewrap. What "
                    "then is left ends in time, or is lost with --force."
                )
            if not yes:
                click.confirm("All this is lost. Go on?", abort=True)
        retire_master_key(house.settings, house.world, number)
    click.echo(f"master key {number} is out of {_place(house)}")
    click.echo("Give the file to all nodes. Keep the old one with the backups of its time.")


def _tell_rests(number: int, rests: Iterable[Rest]) -> None:
    rests = tuple(rests)
    if not rests:
        click.echo(f"Nothing rests on master key {number}. To take it out of the file, run:")
        click.echo(f"gatepost keys retire {number}")
        return
    click.echo(f"Master key {number} must stay. On it rest:")
    show([_told(number, rest) for rest in rests], as_json=False)


def _told(number: int, rest: Rest) -> dict[str, object]:
    why = "to be sealed anew" if rest.what in _SEALED else "end by themselves"
    return {
        "Key": number,
        "What": rest.what,
        "Rows": rest.rows,
        "Until": rest.until,
        "Why": _WHY.get(rest.what, why),
    }


def _tell_lost(house: House, number: int, rests: Iterable[Rest]) -> None:
    click.echo(f"With master key {number} would be lost:")
    for rest in rests:
        until = "" if rest.until is None else f" (all end by {instant(rest.until)})"
        click.echo(f"  {rest.rows} {rest.what}{until}: {_LOST[rest.what]}")
    named = rewrapping(house).secrets_under(number, _MOST_SECRETS)
    for each in named:
        click.echo(f"  secret {each.secret_id} of client {each.client_id}, tenant {each.tenant_id}")


def _place(house: House) -> str:
    place = holder_of(house.settings).place
    return place[:1].lower() + place[1:] if place.startswith("The ") else place
