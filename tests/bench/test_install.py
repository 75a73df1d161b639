from pathlib import Path

import pytest

from bench.peers import install


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The lock of a peer, whose packages are a file."""
    monkeypatch.setattr(install, "HERE", tmp_path / "peers")
    monkeypatch.setattr(install, "INSTALLED", tmp_path / "installed")
    monkeypatch.setattr(install, "_with_npm", copied)
    file = tmp_path / "peers" / "a" / "package-lock.json"
    file.parent.mkdir(parents=True)
    file.write_text("one")
    return file


def copied(source: Path, target: Path) -> None:
    """What stands for installing."""
    target.mkdir(parents=True)
    (target / "packages").write_text((source / "package-lock.json").read_text())


def test_a_peer_is_installed_once(lock: Path) -> None:
    (install.node_peer("a") / "mark").touch()
    assert (install.node_peer("a") / "mark").exists()
    assert lock.read_text() == (install.node_peer("a") / "packages").read_text()


def test_another_lock_is_installed_anew(lock: Path) -> None:
    (install.node_peer("a") / "mark").touch()
    lock.write_text("two")
    assert (install.node_peer("a") / "packages").read_text() == "two"
    assert not (install.node_peer("a") / "mark").exists()
