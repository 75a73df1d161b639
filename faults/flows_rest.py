"""The flows of administrators: clients, secrets, roles, people."""

from typing import Any
from uuid import uuid4

import httpx

from faults.flows import Flow, Ground, Ready, made
from faults.pages import somebody
from gatepost.model.people import LOCAL_PROVIDER
from tests.flows import CALLBACK, Visitor, pkce

_MACHINES = "/ClientCredentialClients"
_TOKEN = "/identity/connect/token"
PROOF = {"code_challenge": pkce().challenge, "code_challenge_method": "S256"}


def flows() -> tuple[Flow, ...]:
    """All of them."""
    return (
        Flow("add client", _nothing, _add_client, _client_works),
        Flow("add application", _nothing, _add_application, _application_is_whole),
        Flow("change client", machine, _disable, _is_disabled),
        Flow("remove client", machine, _remove_client, _is_gone),
        Flow("add secret", machine, _add_secret, _new_secret_works),
        Flow("remove secret", _with_two_secrets, _remove_secret, _one_secret_is_left),
        Flow("give roles", machine, _give_roles, _has_roles),
        Flow("add role", _nothing, _add_role, _role_is_there),
        Flow("remove role", _role, _remove_role, _role_is_gone),
        Flow("add user", _nothing, _add_user, _user_is_there),
        Flow("remove user", _user, _remove_user, _user_is_gone),
        Flow("end sign-in", _signed_in, _end_sign_in, _is_signed_out),
    )


def machine(ground: Ground) -> Any:
    """A new client that acts for itself, with its secret."""
    return made(ground.rest("POST", _MACHINES, {"Name": "Probe", "Tags": ["a", "b"]}))


def token_status(ground: Ground, client_id: str, secret: str) -> int:
    """What a client hears that asks for a token."""
    return got_token(ground, client_id, secret).status_code


def got_token(ground: Ground, client_id: str, secret: str) -> httpx.Response:
    """The answer to a client that asks for a token."""
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    return ground.http.post(_TOKEN, data=form)


def _nothing(_ground: Ground) -> Ready:
    return str(uuid4())


def _add_client(ground: Ground, ready: Ready) -> httpx.Response:
    body = {"Id": ready, "Name": "Probe", "Tags": ["a"], "RoleIds": list(ground.role_ids)}
    return ground.rest("POST", _MACHINES, body)


def _client_works(ground: Ground, ready: Ready, answer: httpx.Response) -> bool:
    roles = {role["Id"] for role in ground.rest("GET", f"{_MACHINES}/{ready}/Roles").json()}
    works = token_status(ground, ready, answer.json()["Secret"]) == 200
    return works and set(ground.role_ids) <= roles


def _add_application(ground: Ground, ready: Ready) -> httpx.Response:
    body = {"Id": ready, "Name": "Probe", "RedirectUris": [CALLBACK]}
    return ground.rest("POST", "/HybridClients", body)


def _application_is_whole(ground: Ground, ready: Ready, _answer: httpx.Response) -> bool:
    found = ground.rest("GET", f"/HybridClients/{ready}")
    return found.status_code == 200 and found.json()["RedirectUris"] == [CALLBACK]


def _disable(ground: Ground, ready: Ready) -> httpx.Response:
    return ground.rest("PUT", f"{_MACHINES}/{ready['Client']['Id']}", {"Enabled": False})


def _is_disabled(ground: Ground, ready: Ready, _answer: httpx.Response) -> bool:
    return token_status(ground, ready["Client"]["Id"], ready["Secret"]) in {400, 401}


def _remove_client(ground: Ground, ready: Ready) -> httpx.Response:
    return ground.rest("DELETE", f"{_MACHINES}/{ready['Client']['Id']}")


def _is_gone(ground: Ground, ready: Ready, answer: httpx.Response) -> bool:
    found = ground.rest("GET", f"{_MACHINES}/{ready['Client']['Id']}").status_code
    return found == 404 and _is_disabled(ground, ready, answer)


def _add_secret(ground: Ground, ready: Ready) -> httpx.Response:
    return ground.rest("POST", f"{_MACHINES}/{ready['Client']['Id']}/Secrets", {"Expires": False})


def _new_secret_works(ground: Ground, ready: Ready, answer: httpx.Response) -> bool:
    return token_status(ground, ready["Client"]["Id"], answer.json()["Secret"]) == 200


def _with_two_secrets(ground: Ground) -> Ready:
    ready = machine(ground)
    return {**ready, "Second": made(_add_secret(ground, ready))["Secret"]}


def _remove_secret(ground: Ground, ready: Ready) -> httpx.Response:
    path = f"{_MACHINES}/{ready['Client']['Id']}/Secrets/{ready['Id']}"
    return ground.rest("DELETE", path)


def _one_secret_is_left(ground: Ground, ready: Ready, _answer: httpx.Response) -> bool:
    id_ = ready["Client"]["Id"]
    return (
        token_status(ground, id_, ready["Secret"]) in {400, 401}
        and token_status(ground, id_, ready["Second"]) == 200
    )


def _give_roles(ground: Ground, ready: Ready) -> httpx.Response:
    path = f"{_MACHINES}/{ready['Client']['Id']}/Roles"
    return ground.rest("PUT", path, list(ground.role_ids))


def _has_roles(ground: Ground, ready: Ready, _answer: httpx.Response) -> bool:
    found = ground.rest("GET", f"{_MACHINES}/{ready['Client']['Id']}/Roles").json()
    return set(ground.role_ids) <= {role["Id"] for role in found}


def _add_role(ground: Ground, ready: Ready) -> httpx.Response:
    return ground.rest("POST", "/Roles", {"Name": f"Probe {ready}"})


def _role_is_there(ground: Ground, ready: Ready, _answer: httpx.Response) -> bool:
    found = ground.rest("GET", "/Roles?count=1000").json()
    return f"Probe {ready}" in {role["Name"] for role in found}


def _role(ground: Ground) -> Ready:
    ready = made(_add_role(ground, uuid4()))
    owner = machine(ground)["Client"]["Id"]
    made(ground.rest("PUT", f"{_MACHINES}/{owner}/Roles", [ready["Id"]]), 200)
    return ready


def _remove_role(ground: Ground, ready: Ready) -> httpx.Response:
    return ground.rest("DELETE", f"/Roles/{ready['Id']}")


def _role_is_gone(ground: Ground, ready: Ready, _answer: httpx.Response) -> bool:
    return ground.rest("GET", f"/Roles/{ready['Id']}").status_code == 404


def _add_user(ground: Ground, ready: Ready) -> httpx.Response:
    body = {"IdentityProviderId": LOCAL_PROVIDER, "ContactEmail": f"{ready}@example.com"}
    return ground.rest("POST", "/Users", body | {"RoleIds": list(ground.role_ids)})


def _user_is_there(ground: Ground, _ready: Ready, answer: httpx.Response) -> bool:
    id_ = answer.json()["Id"]
    roles = {role["Id"] for role in ground.rest("GET", f"/Users/{id_}/Roles").json()}
    return set(ground.role_ids) <= roles


def _user(ground: Ground) -> Ready:
    return made(_add_user(ground, uuid4()))


def _remove_user(ground: Ground, ready: Ready) -> httpx.Response:
    return ground.rest("DELETE", f"/Users/{ready['Id']}")


def _user_is_gone(ground: Ground, ready: Ready, _answer: httpx.Response) -> bool:
    return ground.rest("GET", f"/Users/{ready['Id']}").status_code == 404


def _signed_in(ground: Ground) -> Ready:
    person, visitor = somebody(ground), Visitor(ground.served)
    landing = visitor.through(visitor.authorize(ground.app, **PROOF), person)
    assert not landing.is_page
    found = made(ground.rest("GET", f"/Users/{person.id}/SignIns"), 200)
    return person, visitor, found[0]["Id"]


def _end_sign_in(ground: Ground, ready: Ready) -> httpx.Response:
    person, _, sign_in_id = ready
    return ground.rest("DELETE", f"/Users/{person.id}/SignIns/{sign_in_id}")


def _is_signed_out(ground: Ground, ready: Ready, _answer: httpx.Response) -> bool:
    _, visitor, _ = ready
    return 'id="password"' in visitor.authorize(ground.app, **PROOF).response.text
