"""The flows of applications and people: sign-in, codes, tokens; and those that must be refused."""

from typing import NamedTuple

import httpx
from msgspec.structs import replace

from faults.flows import Flow, Ground, Ready, made, shut
from faults.flows_rest import got_token, machine, token_status
from faults.pages import asked, begun, sent_on, settled, somebody, submitted
from gatepost.model.events import OPERATOR, Action, Event, Origin
from tests.flows import (
    AUTHORIZE,
    CALLBACK,
    Person,
    Visitor,
    pkce,
    redeem,
    token,
)


class Held(NamedTuple):
    """A code with its proof."""

    code: str
    verifier: str


def flows() -> tuple[Flow, ...]:
    """All of them."""
    return (
        Flow("client token", machine, _ask_token, _token_is_good),
        Flow("sign in", _at_sign_in, _sign_in, _is_signed_in, sent_on),
        Flow("get code", _signed_in, _authorize, _code_is_good, _has_code),
        Flow("allow", _at_consent, _allow, _is_allowed, sent_on),
        Flow("redeem code", _code, _redeem, _tokens_are_good),
        Flow("refresh", _tokens, _refresh, _tokens_are_good),
        Flow("revoke", _tokens, _revoke, _is_revoked),
        Flow("push request", _nothing, _push, _is_pushed),
        Flow("begin device", _device_client, _begin_device, _device_waits),
        *_closed(),
    )


def _closed() -> tuple[Flow, ...]:
    return (
        shut("wrong secret", machine, lambda on, it: got_token(on, it["Client"]["Id"], "wrong")),
        shut("disabled client", _disabled, _ask_token),
        shut("removed secret", _without_first_secret, _ask_token),
        shut("wrong password", _at_sign_in, _guess, sent_on),
        shut("used code", _used_code, _redeem),
        shut("revoked refresh token", _revoked, _refresh),
        shut("disabled person", _tokens_of_disabled, _refresh),
        shut("user info of a disabled person", _tokens_of_disabled, _userinfo),
        shut("revoked token looked at", _revoked, _introspect, _is_active),
        shut("administration without the role", machine, _administer),
    )


def _nothing(_ground: Ground) -> Ready:
    return None


def _ask_token(ground: Ground, ready: Ready) -> httpx.Response:
    return got_token(ground, ready["Client"]["Id"], ready["Secret"])


def _token_is_good(ground: Ground, _ready: Ready, answer: httpx.Response) -> bool:
    bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    return ground.http.get(ground.served.api(), headers=bearer).status_code == 200


def _at_sign_in(ground: Ground) -> Ready:
    return *begun(ground), ground.kim


def _sign_in(_ground: Ground, ready: Ready) -> httpx.Response:
    visitor, page, person = ready
    return submitted(visitor, page, "submit", email=person.email, password=person.password)


def _guess(_ground: Ground, ready: Ready) -> httpx.Response:
    visitor, page, person = ready
    return submitted(visitor, page, "submit", email=person.email, password="a guess at it")


def _is_signed_in(ground: Ground, ready: Ready, _answer: httpx.Response) -> bool:
    visitor, _, person = ready
    landing = visitor.through(visitor.authorize(ground.app, **asked(pkce().challenge)), person)
    return "code" in landing.answer


def _signed_in(ground: Ground) -> Ready:
    visitor, proof = Visitor(ground.served), pkce()
    visitor.through(visitor.authorize(ground.app, **asked(proof.challenge)), ground.kim)
    return visitor, proof


def _authorize(ground: Ground, ready: Ready) -> httpx.Response:
    visitor, proof = ready
    query = {
        "client_id": ground.app.id,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        **asked(proof.challenge),
    }
    answer: httpx.Response = visitor.http.get(AUTHORIZE, params=query)
    return answer


def _has_code(answer: httpx.Response) -> bool:
    return "code=" in answer.headers.get("location", "")


def _code_is_good(ground: Ground, ready: Ready, answer: httpx.Response) -> bool:
    visitor, proof = ready
    landing = settled(visitor, answer)
    return _redeem(ground, Held(landing.answer["code"], proof.verifier)).status_code == 200


def _at_consent(ground: Ground) -> Ready:
    person = somebody(ground)
    visitor, proof = Visitor(ground.served), pkce()
    page = visitor.sign_in(visitor.authorize(ground.app, **asked(proof.challenge)), person)
    assert 'id="allow"' in page.response.text
    return visitor, proof, page


def _allow(_ground: Ground, ready: Ready) -> httpx.Response:
    visitor, _, page = ready
    return submitted(visitor, page, "allow")


def _is_allowed(ground: Ground, ready: Ready, answer: httpx.Response) -> bool:
    visitor, proof, _ = ready
    return _code_is_good(ground, (visitor, proof), answer)


def _code(ground: Ground) -> Ready:
    visitor, proof = _signed_in(ground)
    landing = settled(visitor, _authorize(ground, (visitor, proof)))
    assert "code" in landing.answer, landing.response.text
    return Held(landing.answer["code"], proof.verifier)


def _redeem(ground: Ground, ready: Ready) -> httpx.Response:
    return redeem(ground.served, ground.app, ready.code, code_verifier=ready.verifier)


def _tokens_are_good(ground: Ground, _ready: Ready, answer: httpx.Response) -> bool:
    told = answer.json()
    bearer = {"Authorization": f"Bearer {told['access_token']}"}
    known = ground.http.get("/identity/connect/userinfo", headers=bearer).status_code == 200
    return known and _refresh(ground, told).status_code == 200


def _tokens(ground: Ground) -> Ready:
    return made(_redeem(ground, _code(ground)), 200)


def _refresh(ground: Ground, ready: Ready) -> httpx.Response:
    form = {"grant_type": "refresh_token", "refresh_token": ready["refresh_token"]}
    return token(ground.served, ground.app, **form)


def _userinfo(ground: Ground, ready: Ready) -> httpx.Response:
    bearer = {"Authorization": f"Bearer {ready['access_token']}"}
    return ground.http.get("/identity/connect/userinfo", headers=bearer)


def _revoke(ground: Ground, ready: Ready) -> httpx.Response:
    return _at(ground, "revocation", token=ready["refresh_token"])


def _introspect(ground: Ground, ready: Ready) -> httpx.Response:
    return _at(ground, "introspect", token=ready["refresh_token"])


def _is_active(answer: httpx.Response) -> bool:
    return answer.status_code == 200 and bool(answer.json().get("active"))


def _is_revoked(ground: Ground, ready: Ready, _answer: httpx.Response) -> bool:
    return _refresh(ground, ready).status_code == 400


def _revoked(ground: Ground) -> Ready:
    ready = _tokens(ground)
    assert _revoke(ground, ready).status_code == 200
    return ready


def _used_code(ground: Ground) -> Ready:
    ready = _code(ground)
    made(_redeem(ground, ready), 200)
    return ready


def _push(ground: Ground, _ready: Ready) -> httpx.Response:
    form = {"redirect_uri": CALLBACK, "response_type": "code", **asked(pkce().challenge)}
    return _at(ground, "par", **form)


def _is_pushed(ground: Ground, _ready: Ready, answer: httpx.Response) -> bool:
    query = {"client_id": ground.app.id, "request_uri": answer.json()["request_uri"]}
    visitor = Visitor(ground.served)
    landing = settled(visitor, visitor.http.get(AUTHORIZE, params=query))
    return 'id="password"' in landing.response.text


def _device_client(ground: Ground) -> Ready:
    return made(ground.rest("POST", "/DeviceCodeClients", {"Name": "Probe"}))


def _begin_device(ground: Ground, ready: Ready) -> httpx.Response:
    form = {"client_id": _id_of(ready), "scope": "openid"}
    return ground.http.post("/identity/connect/deviceauthorization", data=form)


def _device_waits(ground: Ground, ready: Ready, answer: httpx.Response) -> bool:
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "client_id": _id_of(ready),
        "device_code": answer.json()["device_code"],
    }
    told = ground.http.post("/identity/connect/token", data=form).json()
    return bool(told.get("error") == "authorization_pending")


def _disabled(ground: Ground) -> Ready:
    ready = machine(ground)
    path = f"/ClientCredentialClients/{ready['Client']['Id']}"
    made(ground.rest("PUT", path, {"Enabled": False}), 200)
    return ready


def _without_first_secret(ground: Ground) -> Ready:
    ready = machine(ground)
    assert token_status(ground, ready["Client"]["Id"], ready["Secret"]) == 200
    path = f"/ClientCredentialClients/{ready['Client']['Id']}/Secrets"
    made(ground.rest("POST", path, {"Expires": False}))
    made(ground.rest("DELETE", f"{path}/{ready['Id']}"), 204)
    return ready


def _tokens_of_disabled(ground: Ground) -> Ready:
    person = somebody(ground)
    visitor, proof = Visitor(ground.served), pkce()
    landing = visitor.through(visitor.authorize(ground.app, **asked(proof.challenge)), person)
    ready = made(_redeem(ground, Held(landing.answer["code"], proof.verifier)), 200)
    _disable_person(ground, person)
    return ready


def _disable_person(ground: Ground, person: Person) -> None:
    """As the portal does, which has no address over REST."""
    world, tenant = ground.served.house.world, ground.served.first
    with world.store.writing(tenant.id) as tenancy:
        user = tenancy.directory.user(person.id)
        assert user is not None
        changed = replace(user, enabled=False, version=user.version + 1)
        assert tenancy.directory.save_user(changed, user.version)
        tenancy.journal.append(
            Event(
                at=world.clock.now(),
                action=Action.USER_CHANGED,
                actor=OPERATOR,
                origin=Origin("faults", ""),
                target=user.id,
            )
        )


def _administer(ground: Ground, ready: Ready) -> httpx.Response:
    """A client without roles wants to add a role."""
    answer = _ask_token(ground, ready)
    if answer.status_code != 200:
        return answer
    bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    url = f"{ground.served.api()}/Roles"
    return ground.http.post(url, json={"Name": "Stolen"}, headers=bearer)


def _at(ground: Ground, endpoint: str, **form: str) -> httpx.Response:
    own = {"client_id": ground.app.id, "client_secret": ground.app.secret or ""}
    return ground.http.post(f"/identity/connect/{endpoint}", data=own | form)


def _id_of(ready: Ready) -> str:
    inner = ready.get("Client", ready)
    return str(inner["Id"])
