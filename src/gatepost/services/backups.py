"""That a backup was made is written down: whoever has it has all that the store held."""

from gatepost.model.events import DEPLOYMENT, OPERATOR, Action, Event, Origin
from gatepost.services.world import World


def note(world: World, name: str) -> None:
    """Write into the deployment's journal that a backup of this name is made."""
    with world.store.writing_all() as deployment:
        deployment.open(DEPLOYMENT).journal.append(
            Event(
                at=world.clock.now(),
                action=Action.BACKUP_MADE,
                actor=OPERATOR,
                origin=Origin(world.dice.guid(), ""),
                target=name,
            )
        )
