"""What the load presents: clients with their secrets, fresh codes and refresh tokens, in files.

The files are read by the scripts in bench/lua, a line for each request. Codes and refresh tokens
are written into the store just before they are used, as the product writes them.
"""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple
from urllib.parse import urlencode

from bench import bulk, casts, names
from bench.fill import Filled
from bench.names import CALLBACK, VERIFIER
from gatepost.ports import Kind

_SEED = 20_260
_APPLICATIONS = 1_000
"""So many are used at a time, where there are more."""

_TOKEN_BYTES = 32
_COOKIES: tuple[Kind, ...] = ("session", "silent")


class Presented(NamedTuple):
    """A client with its secret, and what it presents: a code, or a token."""

    client_id: str
    secret: str
    value: str

    def __repr__(self) -> str:
        return f"Presented({self.client_id!r}, ***)"


def clients(filled: Filled, most: int) -> list[tuple[str, str]]:
    """Client-credentials clients from all over the store with their secrets, in a mixed order."""
    there = filled.shape.clients
    ids = [names.device(number) for number in spread(there, most)]
    Random(_SEED).shuffle(ids)
    return [(client_id, filled.secret(client_id)) for client_id in ids]


def codes(filled: Filled, n: int) -> list[Presented]:
    """Live authorization codes of the tenants in turn. They end after 60 seconds."""
    with filled.open() as house:
        made, dice, digest_of = [], house.world.dice, house.world.secrets.digest_of
        mold, found = casts.fresh_code(house), []
        for tenant, client_id, person in _grantors(filled, n):
            code = "gpc_" + dice.token(_TOKEN_BYTES)
            found.append(Presented(client_id, filled.secret(client_id), code))
            session, silent = (digest_of(kind, dice.token(_TOKEN_BYTES)) for kind in _COOKIES)
            grant = (dice.guid(), digest_of("code", code), dice.guid(), session, silent)
            made.append((tenant, client_id, person, *grant))
    with bulk.beside(filled.first.url) as writer:
        writer.write(mold.cast(made))
    return found


def refresh_tokens(filled: Filled, n: int) -> list[Presented]:
    """Live refresh tokens of the tenants in turn, each the first of its family."""
    with filled.open() as house:
        made, dice = [], house.world.dice
        mold, found = casts.fresh_grant(house), []
        for tenant, client_id, person in _grantors(filled, n):
            token = "gpr_" + dice.token(_TOKEN_BYTES)
            found.append(Presented(client_id, filled.secret(client_id), token))
            digest = house.world.secrets.digest_of("refresh-token", token)
            made.append((tenant, client_id, person, dice.guid(), digest))
    with bulk.beside(filled.first.url) as writer:
        writer.write(mold.cast(made))
    return found


def token_form(client_id: str, secret: str) -> str:
    """A client-credentials request."""
    return _form(client_id, secret, grant_type="client_credentials")


def code_form(presented: Presented) -> str:
    """The redemption of a code."""
    return _form(
        presented.client_id,
        presented.secret,
        grant_type="authorization_code",
        redirect_uri=CALLBACK,
        code_verifier=VERIFIER,
        code=presented.value,
    )


def refresh_form(presented: Presented) -> str:
    """A refresh; the token stands at its end."""
    return _form(
        presented.client_id,
        presented.secret,
        grant_type="refresh_token",
        refresh_token=presented.value,
    )


def introspection_form(presented: Presented) -> str:
    """The question what a token is worth."""
    return _form(presented.client_id, presented.secret, token=presented.value)


def written(path: Path, lines: Iterable[str]) -> Path:
    """A file of these lines that nobody else may read."""
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.writelines(f"{line}\n" for line in lines)
    return path


def spread(there: int, most: int) -> Sequence[int]:
    """At most so many numbers below a number, evenly apart."""
    wanted = min(there, most)
    return [there * part // wanted for part in range(wanted)]


def _grantors(filled: Filled, n: int) -> Iterable[tuple[str, str, str]]:
    """Tenant, application and person of each of n grants."""
    ids = filled.names.tenant_ids
    chosen = spread(len(ids), min(n, _APPLICATIONS))
    for number in range(n):
        tenant = chosen[number % len(chosen)]
        yield ids[tenant], names.application(tenant), filled.grantor(tenant, number // len(chosen))


def _form(client_id: str, secret: str, **fields: str) -> str:
    return urlencode({"client_id": client_id, "client_secret": secret, **fields})
