"""Couriers, wired: a server's, and one for the length of a command."""

from collections.abc import Iterator
from contextlib import contextmanager

from gatepost.app.house import House
from gatepost.outgoing import Messenger
from gatepost.protocol.discovery import ISSUER_PATH
from gatepost.services.courier import Courier
from gatepost.services.issuing import Mint
from gatepost.services.keys import KeyRing


def courier_at(public_url: str, mint: Mint) -> Courier:
    """One that calls addresses of this machine only while the product itself is on plain HTTP."""
    return Courier(Messenger(may_call_here=public_url.startswith("http:")), mint)


@contextmanager
def courier_of(house: House) -> Iterator[Courier | None]:
    """Delivers until the block ends, and what waits then for a moment longer.

    None where no public address is set: applications believe no token without their issuer.
    """
    public_url = house.settings.public_url
    if public_url is None:
        yield None
        return
    mint = Mint(house.world, public_url + ISSUER_PATH, KeyRing(house.world))
    courier = courier_at(public_url, mint)
    courier.start()
    try:
        yield courier
    finally:
        courier.stop()
