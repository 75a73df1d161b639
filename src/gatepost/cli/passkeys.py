"""Commands about a person's passkeys: see them, and remove one or all."""

from pathlib import Path

import click

from gatepost.app import House
from gatepost.app.couriers import courier_of
from gatepost.app.links import mailer_of
from gatepost.cli.context import (
    CommandFault,
    config_option,
    house_of,
    json_option,
    show,
)
from gatepost.cli.master_keys import yes_option
from gatepost.cli.tenant_choice import act_in
from gatepost.model.people import User
from gatepost.services import users
from gatepost.services.courier import Courier
from gatepost.services.factor_letters import FactorLetters
from gatepost.services.passkey_lists import PasskeyLists
from gatepost.services.world import Act

_tenant_option = click.option("--tenant-id", help="The tenant; may be left out when there is one.")
_email_option = click.option(
    "--email", required=True, help="The address that the person signs in with."
)


@click.group("passkeys")
def user_passkeys() -> None:
    """List and remove a person's passkeys, each of which opens the account alone."""


@user_passkeys.command("list")
@json_option
@_tenant_option
@_email_option
@config_option
def passkeys_list(as_json: bool, config: Path | None, tenant_id: str | None, email: str) -> None:
    """List a person's passkeys, oldest first."""
    with house_of(config) as house:
        act = act_in(house, tenant_id)
        found = _lists(house).of_person(act.tenant_id, _person(house, act, email).id)
    show(
        [
            {
                "Id": passkey.id,
                "Name": passkey.name,
                "Added": passkey.created_at,
                "LastUsed": passkey.last_used_at,
            }
            for passkey in found
        ],
        as_json=as_json,
    )


@user_passkeys.command("remove")
@json_option
@_tenant_option
@_email_option
@click.option("--id", "passkey_id", help="The passkey, as the list names it; else all go.")
@yes_option
@config_option
def passkeys_remove(as_json: bool, config: Path | None, yes: bool, **wishes: str | None) -> None:
    """Remove one of a person's passkeys, or all of them.

    For an account that somebody else got into. All of the person's sign-ins end, which
    their applications are told, and what these were given. The password stays as it is. The person
    is told by mail where that is set up. Asks first.
    """
    passkey_id = wishes["passkey_id"]
    with house_of(config) as house, courier_of(house) as courier:
        act = act_in(house, wishes["tenant_id"])
        person = _person(house, act, wishes["email"] or "")
        held = len(_lists(house).of_person(act.tenant_id, person.id))
        if held and not yes:
            # not where the answer goes, which may be read by a program
            click.confirm(_question(person, passkey_id, held), abort=True, err=True)
        removed = 1
        if passkey_id is None:
            removed = _lists(house, courier).remove_all(act, person.id)
        else:
            _lists(house, courier).remove(act, person.id, passkey_id)
    told = {"Id": person.id, "TenantId": act.tenant_id, "Email": person.email, "Passkeys": removed}
    show([told], as_json=as_json)


def _lists(house: House, courier: Courier | None = None) -> PasskeyLists:
    return PasskeyLists(house.world, "", courier, FactorLetters(house.world, mailer_of(house)))


def _question(person: User, passkey_id: str | None, held: int) -> str:
    what = f"all {held} passkeys" if passkey_id is None else f"the passkey {passkey_id}"
    return f"{person.email} loses {what}, and all of their sign-ins end. Go on?"


def _person(house: House, act: Act, email: str) -> User:
    found = users.with_email(house.world, act.tenant_id, email)
    if found is None:
        raise CommandFault(f"There is no user {email} in the tenant {act.tenant_id}.")
    return found
