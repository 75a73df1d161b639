"""One caller is one, however many addresses it has."""

import pytest

from gatepost.model.networks import network, plain


@pytest.mark.requirement("R-49")
@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
        ("", ""),
        ("not an address", "not an address"),
    ],
)
def test_whoever_has_many_addresses_counts_as_one(address: str, counted_as: str) -> None:
    assert network(address) == counted_as


@pytest.mark.requirement("R-44")
@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::FFFF:c000:207", "192.0.2.7"),
        ("2001:db8::9", "2001:db8::9"),
        ("::ffff:nonsense", "::ffff:nonsense"),
        ("", ""),
    ],
)
def test_an_address_of_the_older_kind_is_written_as_one(address: str, written: str) -> None:
    assert plain(address) == written
