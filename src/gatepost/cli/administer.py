"""Commands that change what there is: tenants and people."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from gatepost.app import House, ensure_signing_key, found_house, printed_links
from gatepost.app.couriers import courier_of
from gatepost.cli.context import (
    CommandFault,
    config_option,
    first_line,
    house_of,
    instant,
    json_option,
    settings_of,
    show,
)
from gatepost.cli.passkeys import user_passkeys
from gatepost.cli.second_factors import tenant_set, user_remove_factors
from gatepost.cli.tenant_choice import act_in
from gatepost.model import reading
from gatepost.model.bodies import UserBody
from gatepost.model.clients import ClientCredentialClient
from gatepost.model.people import LOCAL_PROVIDER, password_fault
from gatepost.model.secret_values import MAX_LENGTH
from gatepost.model.weak_passwords import names_around
from gatepost.services import new_passwords, roles, tenants, users
from gatepost.services.password_links import PasswordLinks
from gatepost.services.tenants import Founded, Founding
from gatepost.services.world import Act
from gatepost.web.interaction.visits import ACCOUNT

_SECRET_MIN = 8
_SECRET_GOOD = 32
_PASSWORD_BYTES = 12
_file = click.Path(path_type=Path, dir_okay=False)


@click.command()
@json_option
@click.option("--tenant-id", help="A GUID for the tenant; generated when absent.")
@click.option("--tenant-name", help="Name of the tenant.")
@click.option("--admin-email", help="Sign-in name of the first administrator.")
@click.option("--admin-password-file", type=_file, help="File with the administrator's password.")
@click.option("--admin-client-id", help="A GUID for the administration client.")
@click.option("--admin-client-secret-file", type=_file, help="File with that client's secret.")
@config_option
def init(as_json: bool, config: Path | None, **wishes: Any) -> None:
    """Make the store and its first tenant.

    The tenant gets an administrator, who signs in in a browser, and an administration client for
    programs. What is not given is generated, and printed this once. The master key is made too
    when the store is new and there is no such file; keep a copy of it.

    Where a tenant exists, --tenant-id must name a new one; else the exit status is 3.
    """
    wish = _founding(**wishes)
    house = found_house(settings_of(config))
    try:
        founded = tenants.found_first(house.world, wish)
        ensure_signing_key(house)
    finally:
        house.close()
    _tell(founded, house, as_json=as_json)


@click.group()
def tenant() -> None:
    """Add and list tenants, and set what they demand.

    Each tenant has people, clients and roles of its own.
    """


@tenant.command("add")
@json_option
@click.option("--tenant-id", help="A GUID for the tenant; generated when absent.")
@click.option("--tenant-name", "--name", required=True, help="Name of the tenant.")
@click.option("--admin-email", help="Sign-in name of its first administrator.")
@click.option("--admin-password-file", type=_file, help="File with the administrator's password.")
@click.option("--admin-client-id", help="A GUID for its administration client.")
@click.option("--admin-client-secret-file", type=_file, help="File with that client's secret.")
@config_option
def tenant_add(as_json: bool, config: Path | None, **wishes: Any) -> None:
    """Add a tenant with an administrator and an administration client."""
    wish = _founding(**wishes)
    with house_of(config) as house:
        founded = tenants.found(house.world, wish)
    _tell(founded, house, as_json=as_json)


@tenant.command("list")
@json_option
@config_option
def tenant_list(as_json: bool, config: Path | None) -> None:
    """List the tenants."""
    with house_of(config) as house:
        found = tenants.all_tenants(house.world)
    show(
        [
            {
                "Id": row.id,
                "Name": row.name,
                "Alias": row.alias,
                "Created": row.created_at,
                "SecondFactor": row.second_factor,
            }
            for row in found
        ],
        as_json=as_json,
    )


@click.group()
def user() -> None:
    """Add people who sign in here, set passwords, remove passkeys and second factors."""


@user.command("add")
@json_option
@click.option("--tenant-id", help="The tenant; may be left out when there is one.")
@click.option("--email", required=True, help="The address that the person signs in with.")
@click.option("--given-name", help="Given name.")
@click.option("--surname", help="Surname.")
@click.option("--role", "role_names", multiple=True, help="Name or id of a role; may be repeated.")
@click.option("--password-file", type=_file, help="File with the password; else one is made.")
@click.option("--link", "by_link", is_flag=True, help="Print a link to set a password instead.")
@config_option
def user_add(
    as_json: bool, config: Path | None, role_names: tuple[str, ...], **wishes: Any
) -> None:
    """Add a person, and print a one-time password when none is given.

    With --link it is a link by which the person chooses a password, once and within three days.
    Roles go by name, as in --role "Tenant Administrator"; everybody is a member.
    """
    given = _given(wishes)
    raw = {
        "IdentityProviderId": LOCAL_PROVIDER,
        "ContactEmail": wishes["email"],
        "ContactGivenName": wishes["given_name"],
        "ContactSurname": wishes["surname"],
    }
    values, problems = reading.read_members(reading.members_of(UserBody), raw)
    reading.refuse(problems)
    with house_of(config) as house:
        way = printed_links(house) if wishes["by_link"] else given
        act = act_in(house, wishes["tenant_id"])
        values["role_ids"] = roles.ids_named(house.world, act.tenant_id, role_names)
        values["email_verified"] = True  # the operator vouches for what they type
        _check_password(house, act, given, wishes)
        added = users.add(house.world, act, values)
        issued = _let_in(house, act, added.id, way)
    told = {"Id": added.id, "TenantId": act.tenant_id, "Email": added.email}
    _print_told(told | issued, as_json=as_json)


@user.command("set-password")
@json_option
@click.option("--tenant-id", help="The tenant; may be left out when there is one.")
@click.option("--email", required=True, help="The address that the person signs in with.")
@click.option("--password-file", type=_file, help="File with the password; else one is made.")
@click.option("--link", "by_link", is_flag=True, help="Print a link to set a password instead.")
@config_option
def user_set_password(as_json: bool, config: Path | None, email: str, **wishes: Any) -> None:
    """Set a person's password, and print a one-time password when none is given.

    A one-time password must be changed at the next sign-in. With --link the password stays until
    the person opens the link and chooses another, once and within a day; within three where they
    never chose one. With the old password go all sign-ins, which applications are told, what these
    were given, and the person's passkeys. An authenticator app stays: `user remove-factors` removes
    that too.
    """
    given = _given(wishes)
    with house_of(config) as house:
        way = printed_links(house) if wishes["by_link"] else given
        act = act_in(house, wishes["tenant_id"])
        found = users.with_email(house.world, act.tenant_id, email)
        if found is None:
            raise CommandFault(f"There is no user {email} in the tenant {act.tenant_id}.")
        issued = _let_in(house, act, found.id, way)
    told = {"Id": found.id, "TenantId": act.tenant_id, "Email": found.email}
    _print_told(told | issued, as_json=as_json)


tenant.add_command(tenant_set)
user.add_command(user_passkeys)
user.add_command(user_remove_factors)


def _founding(**wishes: Any) -> Founding:
    """The wishes for a tenant, checked like anything that a caller sends."""
    for name in ("tenant_id", "admin_client_id"):
        _check(UserBody, "Id", wishes[name], name)
    _check(UserBody, "ContactEmail", wishes["admin_email"], "admin_email")
    _check(ClientCredentialClient, "Name", wishes["tenant_name"], "tenant_name")
    secret = first_line(wishes["admin_client_secret_file"])
    _check_secret(secret)
    return Founding(
        tenant_id=wishes["tenant_id"],
        tenant_name=wishes["tenant_name"],
        admin_email=wishes["admin_email"],
        admin_password=_given_password(wishes["admin_password_file"]),
        admin_client_id=wishes["admin_client_id"],
        admin_client_secret=secret,
    )


def _check(struct: Any, member_name: str, value: str | None, option: str) -> None:
    if value is None:
        return
    member = next(m for m in reading.members_of(struct) if m.name == member_name)
    read = reading.read_member(member._replace(name="--" + option.replace("_", "-")), value)
    if isinstance(read, reading.Problem):
        raise CommandFault(f"{read.reason} {read.mend}".replace("Send ", "Give "))


def _check_secret(secret: str | None) -> None:
    if secret is None:
        return
    printable = secret.isascii() and secret.isprintable() and " " not in secret
    if not printable or not _SECRET_MIN <= len(secret) <= MAX_LENGTH:
        raise CommandFault(
            f"The client secret must have {_SECRET_MIN} to {MAX_LENGTH} printable ASCII "
            "characters without blanks. Leave the file out to have a good one generated."
        )
    if len(secret) < _SECRET_GOOD:
        click.echo(
            f"gatepost: the given client secret is short; {_SECRET_GOOD} or more random "
            "characters are better",
            err=True,
        )


def _tell(founded: Founded, house: House, *, as_json: bool) -> None:
    told = {
        "TenantId": founded.tenant.id,
        "TenantName": founded.tenant.name,
        "AdminEmail": founded.admin_email,
        "AdminPassword": founded.admin_password,
        "AdminClientId": founded.admin_client_id,
        "AdminClientSecret": founded.admin_client_secret,
    }
    _print_told({k: v for k, v in told.items() if v is not None}, as_json=as_json)
    if founded.admin_password and not as_json:
        base = house.settings.public_url
        page = f"{base}{ACCOUNT}" if base else f"{ACCOUNT} on the server"
        click.echo(f"The one-time password is changed at {page}.")


def _print_told(told: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(told))
        return
    for name, value in told.items():
        click.echo(f"{name + ':':20}{value}")
    if {"AdminPassword", "AdminClientSecret", "Password", "Link"} & told.keys():
        click.echo("Keep these now: they are not shown again.")


def _given_password(path: Path | None) -> str | None:
    password = first_line(path)
    fault = password_fault(password) if password is not None else None
    if fault:
        raise CommandFault(f"{fault} Put another into {path}.")
    return password


def _check_password(house: House, act: Act, given: str | None, wishes: Mapping[str, Any]) -> None:
    """Before the person is added, so that nobody is there without a password (R-45)."""
    if given is not None:
        tenant = tenants.get(house.world, act.tenant_id)
        about = (wishes["email"], wishes["given_name"], wishes["surname"])
        new_passwords.check(house.world, given, names_around(tenant.name, *about))


def _given(wishes: Mapping[str, Any]) -> str | None:
    """The password in the file, where one is named and no link is wanted."""
    if wishes["by_link"] and wishes["password_file"]:
        raise CommandFault("A link and a password exclude each other. Give one of the two options.")
    return _given_password(wishes["password_file"])


def _let_in(
    house: House, act: Act, user_id: str, way: str | PasswordLinks | None
) -> dict[str, str]:
    """Set the password, or make one for once, or a link; what of it is to be printed."""
    if isinstance(way, PasswordLinks):
        link = way.make(act, user_id)
        return {"Link": link.address or "", "LinkExpires": instant(link.expires_at)}
    password = way or house.world.dice.token(_PASSWORD_BYTES)
    ended = users.set_password(house.world, act, user_id, password, one_time=way is None)
    with courier_of(house) as courier:
        if courier is not None:
            courier.send(ended.notes)
    return {"Password": password} if way is None else {}
