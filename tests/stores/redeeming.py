"""The two things that are used up once, each with how the store of redemptions is asked."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple, TypeAlias

from msgspec import structs

from gatepost.model.grants import AuthorizationCode, RefreshToken
from gatepost.ports import FoundCode, FoundRefreshToken, RedemptionStore, Spending, Tenancy
from tests.stores.examples import NOW
from tests.stores.flow_examples import Flow, code, refresh_token

SOON = NOW + timedelta(minutes=7)
SEALED = b"\x00sealed\xff"

Thing: TypeAlias = AuthorizationCode | RefreshToken
Found: TypeAlias = FoundCode | FoundRefreshToken


class Once(NamedTuple):
    """One of them: what a flow has of it, how a tenancy keeps a new one, and who is asked."""

    of: Callable[[Flow], Thing]
    new: Callable[..., Thing]
    add: Callable[[Tenancy, Any], None]
    found: Callable[[RedemptionStore, bytes], Found | None]
    spend: Callable[[RedemptionStore, Spending], bool]
    is_sealed: bool
    """Whether it names its successor, for whom comes again within the grace."""

    def thing(self, redemptions: RedemptionStore, digest: bytes) -> Thing | None:
        """What is there, without its family."""
        found = self.found(redemptions, digest)
        return None if found is None else found[0]

    def spending(self, flow: Flow, **changes: Any) -> Spending:
        """How it is used up as it should be, but for the changes; the successor comes by name."""
        values = {
            "digest": self.of(flow).digest,
            "family_id": flow.family.id,
            "now": SOON,
            "sign_in_id": None if self.is_sealed else flow.sign_in.id,
            "sealed_successor": SEALED if self.is_sealed else None,
            **changes,
        }
        return Spending(**values)


def successor_of(flow: Flow, **members: Any) -> RefreshToken:
    """The next refresh token of a family, made at the moment of the spending."""
    return refresh_token(flow.family.id, **{"generation": 2, "created_at": SOON, **members})


def spent(thing: Thing) -> Thing:
    """What a thing is after `Once.spending`."""
    if isinstance(thing, RefreshToken):
        return structs.replace(thing, used_at=SOON, sealed_successor=SEALED)
    return structs.replace(thing, used_at=SOON)


CODE = Once(
    lambda flow: flow.code,
    code,
    lambda unit, thing: unit.grants.add_code(thing),
    lambda redemptions, digest: redemptions.code(digest),
    lambda redemptions, spending: redemptions.spend_code(spending),
    is_sealed=False,
)
REFRESH_TOKEN = Once(
    lambda flow: flow.token,
    refresh_token,
    lambda unit, thing: unit.grants.add_refresh_token(thing),
    lambda redemptions, digest: redemptions.refresh_token(digest),
    lambda redemptions, spending: redemptions.spend_refresh_token(spending),
    is_sealed=True,
)
ONCE = {"code": CODE, "refresh token": REFRESH_TOKEN}
