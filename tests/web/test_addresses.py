"""Who is calling: a forwarded address counts only from a proxy that is listed."""

import ipaddress

import pytest

from gatepost.web.addresses import caller_address, speaks_for_many

pytestmark = pytest.mark.requirement("R-44")

TRUSTED = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("2001:db8:a::/48"))
KIM = "192.0.2.7"


@pytest.mark.parametrize(
    ("peer", "forwarded", "caller"),
    [
        (KIM, None, KIM),
        (KIM, "198.51.100.1", KIM),
        ("10.0.0.5", None, "10.0.0.5"),
        ("10.0.0.5", KIM, KIM),
        ("2001:db8:a::1", KIM, KIM),
        # what an IPv6 socket shows of callers with an address of the older kind
        ("::ffff:10.0.0.5", KIM, KIM),
        ("::ffff:10.0.0.5", f"::ffff:{KIM}", KIM),
        (f"::ffff:{KIM}", "198.51.100.1", KIM),
        # the nearest that is no proxy of ours, whatever stands before it
        ("10.0.0.5", f"198.51.100.1, {KIM}, 10.0.0.9", KIM),
        ("10.0.0.5", f"198.51.100.1, {KIM}, ::ffff:10.0.0.9", KIM),
        ("10.0.0.5", "nonsense", "10.0.0.5"),
        ("10.0.0.5", f"{KIM}, nonsense, 10.0.0.9", "10.0.0.9"),
        ("10.0.0.5", "10.0.0.9", "10.0.0.9"),
        ("", KIM, ""),
    ],
)
def test_the_caller_is_the_nearest_that_is_no_proxy(
    peer: str, forwarded: str | None, caller: str
) -> None:
    assert caller_address(peer, forwarded, TRUSTED) == caller


@pytest.mark.parametrize(
    ("peer", "many"),
    [
        ("10.0.0.5", True),
        ("::ffff:10.0.0.5", True),
        ("127.0.0.1", True),
        ("::ffff:127.0.0.1", True),
        ("::1", True),
        ("2001:db8:a::1", True),
        ("2001:db8:b::1", False),
        (KIM, False),
        (f"::ffff:{KIM}", False),
        ("", False),
    ],
)
def test_proxies_and_this_machine_speak_for_many(peer: str, many: bool) -> None:
    assert speaks_for_many(peer, TRUSTED) is many
