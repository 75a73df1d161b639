"""That a backup was made is written down: whoever has it has all that the store held."""

from gatepost.model.events import DEPLOYMENT, OPERATOR, Action
from gatepost.services.world import World, unasked_event


def note(world: World, name: str) -> None:
    """Write into the deployment's journal that a backup of this name is made."""
    with world.store.writing_all() as deployment:
        made = unasked_event(world, OPERATOR, Action.BACKUP_MADE, name)
        deployment.open(DEPLOYMENT).journal.append(made)
