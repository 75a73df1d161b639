"""Which tenant a command is about, and the operator who acts in it."""

from gatepost.app import House
from gatepost.cli.context import CommandFault
from gatepost.services import tenants
from gatepost.services.world import Act


def act_in(house: House, tenant_id: str | None) -> Act:
    """An act of the operator in this tenant, or in the only one there is."""
    known = [row.id for row in tenants.all_tenants(house.world)]
    wanted = tenant_id.lower() if tenant_id else None
    if wanted is None and len(known) == 1:
        wanted = known[0]
    if wanted not in known:
        raise CommandFault(
            f"There is no tenant {tenant_id}. See: gatepost tenant list"
            if tenant_id
            else "Name the tenant with --tenant-id. See: gatepost tenant list"
        )
    return tenants.operator_act(wanted or "", house.world.dice.guid())
