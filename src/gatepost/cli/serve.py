"""The command that serves: prepares the store, opens the port, runs one worker or several."""

from pathlib import Path

import click
from msgspec.structs import replace

from gatepost.app import House, StartFault, check_tracing, ensure_signing_key, prepare_house
from gatepost.cli import metrics, workers
from gatepost.cli.context import config_option, settings_of
from gatepost.cli.logs import start_logging
from gatepost.model import setting_values
from gatepost.model.errors import Code, Refused
from gatepost.model.setting_values import Listen, Unusable
from gatepost.services import tenants
from gatepost.services.tenants import Founded, Founding
from gatepost.web.interaction.visits import ACCOUNT

_DEFAULT_HOST = "127.0.0.1"


@click.command()
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1, shown as localhost]")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="Port to listen on; 0 picks a free one.",
)
@click.option(
    "--workers",
    "count",
    type=click.IntRange(1, 64),
    help="Worker processes.  [default: GATEPOST_WORKERS, else 1]",
)
@config_option
def serve(host: str | None, port: int, count: int | None, config: Path | None) -> None:
    """Serve until SIGTERM or Ctrl-C.

    An empty SQLite store gets a first tenant, and its one-time password is printed. A PostgreSQL
    store is made with: gatepost init
    """
    settings = settings_of(config)
    settings = replace(settings, workers=count or settings.workers)
    start_logging(settings.log_format)
    check_tracing(settings)
    plan = workers.reserve(host or _DEFAULT_HOST, port, settings.workers)
    if settings.metrics_listen is not None:
        plan = plan._replace(metrics=_reserved(settings.metrics_listen, settings.workers))
    shown = "localhost" if host is None else _bracketed(host)
    listening = f"http://{shown}:{plan.port}"
    public_url = settings.public_url or _own_address(listening)
    house = prepare_house(settings)
    try:
        founded = _found_if_empty(house)
        ensure_signing_key(house)
    finally:
        house.close()
    if founded is not None:
        _welcome(founded, public_url)
    workers.run(plan, settings, public_url, lambda: click.echo(f"listening on {listening}"))


def _reserved(listen: Listen, count: int) -> workers.Plan:
    """The port for metrics, taken like the other one."""
    try:
        plan = workers.reserve(*listen, count)
    except StartFault as fault:
        raise metrics.taken(fault) from None
    metrics.announce(plan.host, plan.port)
    return plan


def _own_address(listening: str) -> str:
    """The address that we listen on as the one that all use: only on this machine (D-10)."""
    try:
        return setting_values.public_url(listening)
    except Unusable:
        raise StartFault(
            f"On {listening} passwords and secrets would cross the network in the clear. Set "
            "GATEPOST_PUBLIC_URL to the https address that people and clients use, as of the proxy "
            "in front."
        ) from None


def _found_if_empty(house: House) -> Founded | None:
    """The first tenant of an embedded store; on PostgreSQL `gatepost init` is run on purpose."""
    if tenants.is_any(house.world):
        return None
    if house.database.path is None:
        raise StartFault("The PostgreSQL store has no tenant yet. Run: gatepost init")
    try:
        return tenants.found_first(house.world, Founding())
    except Refused as refused:
        if refused.code is Code.TENANT_EXISTS:
            return None  # another process that started at the same moment was first
        raise


def _welcome(founded: Founded, public_url: str) -> None:
    click.echo(
        f"""
A first tenant was made. Keep these now: they are not shown again.

  portal                {public_url}/portal/
  sign-in name          {founded.admin_email}
  one-time password     {founded.admin_password}
  change it at          {public_url}{ACCOUNT}

  tenant id             {founded.tenant.id}
  administration client {founded.admin_client_id}
  its secret            {founded.admin_client_secret}
"""
    )


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
