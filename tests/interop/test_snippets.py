"""The samples of the tab Use, run as somebody runs them who copies them: in sh, Python and Node.

Those in C# and for Flask cannot be run here; `tests/web/portal/test_use.py` looks at their text.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gatepost.services import clients
from gatepost.web.portal import client_snippets
from gatepost.web.portal.client_snippets import Place
from tests.flows import CALLBACK, Application, Person, Visitor, new_application
from tests.interop.program import FOLDER, PATIENCE_S
from tests.served import Served

COLLECTIONS = {
    "client_credentials": "ClientCredentialClients",
    "authorization_code": "AuthorizationCodeClients",
    "hybrid": "HybridClients",
    "device_code": "DeviceCodeClients",
}
RUN = {
    "curl": ("sh", "sample.sh"),
    "python": (sys.executable, "sample.py"),
    "javascript": ("node", "sample.mjs"),
}
WITH_PERSON = (
    "hybrid.curl",
    "hybrid.python",
    "hybrid.javascript",
    "authorization_code.curl",
    "authorization_code.python",
)
# Allowed in an address, and each the end of a text or the start of a command somewhere.
HOSTILE = "https://app.example.com/cb/'$(touch%20hacked)';($HOME)&x"

Act = Callable[[str], str | None]
"""What a person does at the address that a sample shows; what they paste, if anything."""


def sample(served: Served, application: Application, language: str) -> str:
    """The text of a sample, as the tab shows it."""
    tenant_id = application.tenant.id
    client = clients.of_any_kind(served.house.world, tenant_id, application.id)
    place = Place(served.url, served.url + "/identity", tenant_id)
    return client_snippets.render(client, place, language)


def run(
    folder: Path, text: str, language: str, secret: str | None, act: Act | None = None
) -> tuple[int, str]:
    """How a sample ended, and what it said but for what it asked for."""
    program, name = RUN[language]
    (folder / name).write_text(text)
    (folder / "node_modules").symlink_to(FOLDER / "node_modules")
    environment = {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", "HOME": str(folder)}
    if secret is not None:
        environment["GATEPOST_CLIENT_SECRET"] = secret
    running = subprocess.Popen(
        [program, name],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with running:
        try:
            said = _talk(running, act)
        except BaseException:
            running.kill()
            raise
    return running.returncode, said


def _talk(running: subprocess.Popen[str], act: Act | None) -> str:
    assert running.stdin is not None
    assert running.stdout is not None
    said, deadline = "", time.monotonic() + PATIENCE_S
    for line in running.stdout:
        assert time.monotonic() < deadline, said
        said += line
        if act is not None and line.startswith("http"):
            pasted, act = act(line.strip()), None
            if pasted is not None:
                running.stdin.write(pasted + "\n")
                running.stdin.flush()
    return said


def tenant_in(said: str) -> dict[str, Any]:
    """The tenant that a sample printed as its last act before any renewal."""
    found: dict[str, Any] = json.loads(next(x for x in said.splitlines() if x.startswith("{")))
    return found


def coming_back(served: Served, person: Person) -> Act:
    """Sign in, allow, and copy the address that the browser came back to."""

    def act(address: str) -> str:
        visitor = Visitor(served)
        landing = visitor.through(visitor.get(address), person)
        assert not landing.is_page, landing.response.text
        return str(landing.response.headers["location"])

    return act


def letting_in(served: Served, person: Person) -> Act:
    """Open the device's page, sign in, and allow it."""

    def act(address: str) -> None:
        visitor = Visitor(served)
        user_code = address.partition("user_code=")[2]
        landing = visitor.submit(visitor.get(address), user_code=user_code)
        landing = visitor.sign_in(landing, person)
        visitor.submit(landing, "allow")

    return act


@pytest.mark.parametrize("language", RUN)
def test_a_client_by_itself(served: Served, tmp_path: Path, language: str) -> None:
    client = new_application(served, served.first, "ClientCredentialClients")
    text = sample(served, client, language)
    assert str(client.secret) not in text
    status, said = run(tmp_path, text, language, client.secret)
    assert status == 0, said
    assert tenant_in(said)["Id"] == served.first.id


@pytest.mark.parametrize("language", RUN)
def test_a_wrong_secret_ends_the_sample(served: Served, tmp_path: Path, language: str) -> None:
    client = new_application(served, served.first, "ClientCredentialClients")
    status, said = run(tmp_path, sample(served, client, language), language, "gps_wrong")
    assert status != 0
    assert "401" in said or "invalid_client" in said


@pytest.mark.parametrize("language", RUN)
def test_without_a_secret_the_sample_says_what_is_missing(
    served: Served, tmp_path: Path, language: str
) -> None:
    client = new_application(served, served.first, "ClientCredentialClients")
    status, said = run(tmp_path, sample(served, client, language), language, None)
    assert status != 0
    assert "GATEPOST_CLIENT_SECRET" in said


@pytest.mark.parametrize("uri", [CALLBACK, HOSTILE], ids=["usual", "hostile"])
@pytest.mark.parametrize("sample_of", WITH_PERSON)
def test_a_person_signs_in(
    served: Served, kim: Person, tmp_path: Path, sample_of: str, uri: str
) -> None:
    kind, language = sample_of.split(".")
    members = {"RedirectUris": [uri], "AllowOfflineAccess": True}
    client = new_application(served, served.first, COLLECTIONS[kind], **members)
    text = sample(served, client, language)
    act = coming_back(served, kim)
    status, said = run(tmp_path, text, language, client.secret, act)
    assert status == 0, said
    assert tenant_in(said)["Id"] == served.first.id
    assert not list(tmp_path.glob("hacked*"))
    assert language == "curl" or f"Signed in: {kim.id}" in said
    assert language == "curl" or "Renewed for 3600 seconds" in said


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_nothing_is_renewed_where_no_refresh_token_is_allowed(
    served: Served, kim: Person, tmp_path: Path, language: str
) -> None:
    client = new_application(served, served.first)
    text = sample(served, client, language)
    assert "offline_access" not in text
    status, said = run(tmp_path, text, language, client.secret, coming_back(served, kim))
    assert status == 0, said
    assert "Renewed" not in said


@pytest.mark.parametrize("language", ["curl", "python", "javascript"])
def test_an_answer_to_something_else_is_not_taken(
    served: Served, tmp_path: Path, language: str
) -> None:
    client = new_application(served, served.first)
    answer = f"{CALLBACK}?code=stolen&state=another&iss=https://elsewhere.example.com"

    def act(_address: str) -> str:
        return answer

    text = sample(served, client, language)
    status, said = run(tmp_path, text, language, client.secret, act)
    assert status != 0, said


@pytest.mark.parametrize("language", RUN)
def test_a_device(served: Served, kim: Person, tmp_path: Path, language: str) -> None:
    client = new_application(served, served.first, "DeviceCodeClients")
    act = letting_in(served, kim)
    status, said = run(tmp_path, sample(served, client, language), language, None, act)
    assert status == 0, said
    assert tenant_in(said)["Id"] == served.first.id
