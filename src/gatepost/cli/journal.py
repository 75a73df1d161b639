"""Commands that read the journal. Those that make evidence of it are beside."""

from pathlib import Path
from typing import Any

import click
import msgspec

from gatepost.cli.context import CommandFault, config_option, house_of, json_option, show
from gatepost.cli.journal_evidence import checkpoint, export, key, verify
from gatepost.cli.logs import flat
from gatepost.model.events import ChainedEvent
from gatepost.services import journal as journals


@click.group()
def journal() -> None:
    """Read what the journal says, and make evidence of it."""


for command in (verify, export, checkpoint, key):
    journal.add_command(command)


@journal.command("show")
@click.argument("support_id")
@json_option
@config_option
def journal_show(support_id: str, as_json: bool, config: Path | None) -> None:
    """Show what happened in the request that an error page named by its SUPPORT_ID.

    For an address that is not registered it tells what was sent, what is registered, and the first
    character in which the two differ.
    """
    with house_of(config) as house:
        found = journals.of_operation(house.world, support_id.strip().lower())
    if not found:
        raise CommandFault(
            f"The journal has nothing under {support_id}. Look for it in the server's log: what "
            "belongs to no client, what one caller repeats more than 20 times a minute, and what "
            "is older than GATEPOST_JOURNAL_DAYS is only there."
        )
    rows = [_told(link) for link in found]
    if as_json:
        show(rows, as_json=True)
        return
    click.echo("\n\n".join(_lines(row) for row in rows))


def _told(link: ChainedEvent) -> dict[str, Any]:
    event = link.event
    return {
        "At": event.at,
        "Tenant": link.tenant_id or None,
        "Action": event.action.value,
        "Reason": event.reason,
        "Target": event.target or None,
        "Actor": f"{event.actor.kind} {event.actor.id}".strip(),
        "Address": event.origin.address,
        "Before": event.before,
        **(event.after or {}),
    }


def _lines(row: dict[str, Any]) -> str:
    """One fact a line; what is not known is left out."""
    return "\n".join(
        f"{name + ':':<17}{_text(value)}" for name, value in row.items() if value is not None
    )


def _text(value: Any) -> str:
    """On one line, whatever a stranger sent: it can forge no other fact, and move no cursor."""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode().strip('"')
    return flat(text)
