"""Commands about second factors: what a tenant demands, and the way out for who lost everything."""

from pathlib import Path
from typing import get_args

import click

from gatepost.app.couriers import courier_of
from gatepost.app.links import mailer_of
from gatepost.cli.context import CommandFault, config_option, house_of, json_option, show
from gatepost.cli.master_keys import yes_option
from gatepost.cli.tenant_choice import act_in
from gatepost.model.tenants import SecondFactor
from gatepost.services import sign_in_rules, users
from gatepost.services.factor_letters import FactorLetters
from gatepost.services.sign_in_rules import FactorRemoval, Having

_CHOICES: tuple[SecondFactor, ...] = get_args(SecondFactor)


@click.command("set")
@json_option
@click.option("--tenant-id", help="The tenant; may be left out when there is one.")
@click.option(
    "--second-factor",
    type=click.Choice(_CHOICES),
    required=True,
    help="Of whom more than a password is demanded.",
)
@config_option
def tenant_set(
    as_json: bool, config: Path | None, tenant_id: str | None, second_factor: SecondFactor
) -> None:
    """Set what a tenant demands of its people when they sign in.

    Who has no authenticator app and no passkey adds one at their next sign-in; how many these
    are is printed.
    """
    with house_of(config) as house:
        act = act_in(house, tenant_id)
        tenant = sign_in_rules.demand(house.world, act, second_factor)
        lacking = sign_in_rules.lacking(house.world, act.tenant_id, second_factor)
    told = {
        "Id": tenant.id,
        "Name": tenant.name,
        "SecondFactor": tenant.second_factor,
        "WithoutOne": lacking.number,
    }
    show([told], as_json=as_json)


@click.command("remove-factors")
@json_option
@click.option("--tenant-id", help="The tenant; may be left out when there is one.")
@click.option("--email", required=True, help="The address that the person signs in with.")
@yes_option
@config_option
def user_remove_factors(
    as_json: bool, config: Path | None, tenant_id: str | None, email: str, yes: bool
) -> None:
    """Remove a person's authenticator app, recovery codes and passkeys.

    For somebody who lost them. Their password alone opens the account from then on, until they add
    a factor again: make sure that it is them who asks. All of their sign-ins end, which their
    applications are told, and what these were given. The person is told by mail where that is set
    up. Asks first; says what was removed.
    """
    with house_of(config) as house, courier_of(house) as courier:
        act = act_in(house, tenant_id)
        found = users.with_email(house.world, act.tenant_id, email)
        if found is None:
            raise CommandFault(f"There is no user {email} in the tenant {act.tenant_id}.")
        held = sign_in_rules.factors_of(house.world, act.tenant_id, found.id)
        if held.is_any and not yes:
            # not where the answer goes, which may be read by a program
            click.confirm(_question(email, held), abort=True, err=True)
        letters = FactorLetters(house.world, mailer_of(house))
        FactorRemoval(house.world, "", courier, letters).remove(act, found.id)
    told = {
        "Id": found.id,
        "TenantId": act.tenant_id,
        "Email": found.email,
        "Authenticator": held.has_authenticator,
        "Passkeys": held.passkeys,
        "RecoveryCodes": held.codes_left,
    }
    show([told], as_json=as_json)


def _question(email: str, held: Having) -> str:
    app = "an authenticator app, " if held.has_authenticator else ""
    return (
        f"{email} has {app}{held.passkeys} passkeys and {held.codes_left} recovery codes. They are "
        "removed, all sign-ins of the person end, and the password alone opens the account. Go on?"
    )
