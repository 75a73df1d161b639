"""What an operator sets for many nodes."""

import pytest

from gatepost.settings import Settings, SettingsFault, read_settings

STORE = "postgresql://gate:pa55word@db.example:5432/gatepost"
REPLICA = "postgresql://gate:geheim@replica.example:5432/gatepost"
BASE = {"GATEPOST_DATABASE_URL": STORE, "GATEPOST_MASTER_KEY_FILE": "/etc/gatepost/master.key"}


def read(**settings: str) -> Settings:
    named = {f"GATEPOST_{name.upper()}": text for name, text in settings.items()}
    return read_settings(BASE | named, None)


def fault_of(**settings: str) -> str:
    with pytest.raises(SettingsFault) as caught:
        read(**settings)
    (line,) = caught.value.lines
    return line


def test_one_node_needs_none_of_them() -> None:
    found = read()
    assert (found.database_pooler, found.replica_url, found.drain_seconds) == ("none", None, 0)


def test_each_is_read() -> None:
    found = read(database_pooler="transaction", replica_url=REPLICA, drain_seconds="300")
    assert (found.database_pooler, found.replica_url) == ("transaction", REPLICA)
    assert found.drain_seconds == 300


@pytest.mark.parametrize("text", ["", "-1", "301", "1.5", "10s", "ten"])
def test_the_time_to_drain_is_a_number_of_seconds(text: str) -> None:
    assert "whole number from 0 to 300" in fault_of(drain_seconds=text)


@pytest.mark.parametrize("text", ["", "session", "statement", "true"])
def test_a_pooler_in_another_mode_is_none_for_us(text: str) -> None:
    assert fault_of(database_pooler=text).startswith("GATEPOST_DATABASE_POOLER is ")


@pytest.mark.parametrize("url", ["sqlite:///x.db", "postgresql://gate:geheim@db", "geheim"])
def test_a_replica_is_a_postgresql_database(url: str) -> None:
    line = fault_of(replica_url=url)
    assert line.startswith("GATEPOST_REPLICA_URL is ")
    assert "geheim" not in line


def test_an_embedded_store_has_no_replica() -> None:
    line = fault_of(database_url="sqlite:///x.db", replica_url=REPLICA)
    assert "GATEPOST_REPLICA_URL is set, and the store is SQLite" in line
    assert "geheim" not in line


@pytest.mark.requirement("R-76")
def test_the_password_of_the_replica_is_not_shown() -> None:
    found = read(replica_url=REPLICA)
    assert "geheim" not in repr(found)
    assert "replica.example" in repr(found)
