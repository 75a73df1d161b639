"""No form is taken that another site, another browser or another page may have made (R-54)."""

import pytest

from gatepost.web.interaction import door
from tests.flows import CALLBACK, Visitor, new_application, new_person
from tests.memory.unit import Tables
from tests.served import Served
from tests.web.forms import ACCOUNT, FORMS, Fields, Stage
from tests.web.indoors import indoors

AUTHORIZE = "/identity/connect/authorize"
END_SESSION = "/identity/connect/endsession"
# Applications send people here by forms of their own; each shows below that it changes nothing.
FROM_APPLICATIONS = {AUTHORIZE, END_SESSION}
# Whoever is not signed in fills these in, so no sign-in makes them void.
BEFORE_SIGN_IN = {
    "/identity/signin",
    "/identity/signin/passkey",
    "/identity/code",
    "/identity/code/passkey",
    "/identity/enrol",
    "/identity/enrol/passkey",
    "/identity/device",
    "/identity/welcome",
    f"{ACCOUNT}/alias",
}
FOREIGN = [
    {"Origin": "https://attacker.example"},
    {"Origin": "http://localhost:8080.attacker.example"},
    {"Origin": "http://localhost:80801"},
    {"Origin": "https://localhost:8080"},
    {"Origin": "http://localhost:8080/"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "http://localhost:8080", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "something-new"},
]
OWN: list[dict[str, str]] = [
    {},
    {"Origin": "http://localhost:8080", "Sec-Fetch-Site": "same-origin"},
    {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
]
EACH = pytest.mark.parametrize("path", sorted(FORMS))


@pytest.mark.requirement("R-54")
def test_every_form_is_tried_here() -> None:
    posts = {path for path, methods in door._PAGES.items() if "POST" in methods}
    assert posts == set(FORMS) | FROM_APPLICATIONS


@pytest.mark.requirement("R-54")
@EACH
@pytest.mark.parametrize("headers", OWN)
def test_our_own_form_is_taken(path: str, headers: dict[str, str]) -> None:
    """So that what is refused below is refused for its proof and for nothing else."""
    stage = Stage(indoors())
    fields = FORMS[path](stage)
    before = _state(stage)
    landing = stage.send(path, fields, **headers)
    assert landing.response.status_code in {200, 303}, landing.response.text
    assert _state(stage) != before


@pytest.mark.requirement("R-54")
@EACH
def test_a_form_without_the_right_proof_changes_nothing(path: str) -> None:
    stage = Stage(indoors())
    fields = FORMS[path](stage)
    proofs = {None, "", "x", fields["proof"][:-1], fields["proof"] + "x", *_others(stage, path)}
    assert fields["proof"] not in proofs
    for proof in proofs:
        sent = {name: value for name, value in fields.items() if name != "proof"}
        _refused(stage, path, sent | ({} if proof is None else {"proof": proof}))


@pytest.mark.requirement("R-54", "R-39")
@EACH
def test_a_form_of_another_browser_changes_nothing(path: str) -> None:
    """A valid form, of an attacker's own browser and sign-in, sent by the victim's."""
    house = indoors()
    attacker, victim = Stage(house), Stage(house)
    _refused(victim, path, FORMS[path](attacker))


@pytest.mark.requirement("R-54")
@EACH
def test_a_form_that_another_site_sent_changes_nothing(path: str) -> None:
    stage = Stage(indoors())
    fields = FORMS[path](stage)
    for headers in FOREIGN:
        _refused(stage, path, fields, **headers)


@pytest.mark.requirement("R-54", "R-39")
@pytest.mark.parametrize("path", sorted(set(FORMS) - BEFORE_SIGN_IN))
def test_a_form_is_void_once_somebody_else_took_over_the_browser(path: str) -> None:
    stage = Stage(indoors())
    fields = FORMS[path](stage)
    other = new_person(stage.served, stage.tenant)
    page = stage.visitor.authorize(stage.client, prompt="login")
    assert stage.visitor.through(page, other).answer["code"]
    _refused(stage, path, fields)


@pytest.mark.requirement("R-54")
@EACH
def test_an_address_never_does_what_a_form_does(path: str) -> None:
    stage = Stage(indoors())
    fields = FORMS[path](stage)
    before = _state(stage)
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        stage.visitor.http.request(method, path, params=fields)
        assert _state(stage) == before
    stage.visitor.http.post(path, params=fields)
    assert _state(stage) == before


@pytest.mark.requirement("R-54", "R-55")
@EACH
@pytest.mark.parametrize("media_type", ["text/plain", "application/json", "multipart/form-data"])
def test_a_body_that_is_no_form_changes_nothing(path: str, media_type: str) -> None:
    stage = Stage(indoors())
    body = "&".join(f"{name}={value}" for name, value in FORMS[path](stage).items())
    before = _state(stage)
    answer = stage.visitor.http.post(path, content=body, headers={"Content-Type": media_type})
    assert answer.status_code == 415
    assert _state(stage) == before


@pytest.mark.requirement("R-54")
@pytest.mark.parametrize("headers", FOREIGN[:1] + FOREIGN[5:6])
def test_the_real_server_refuses_too(served: Served, headers: dict[str, str]) -> None:
    tenant = served.new_tenant()
    person, visitor = new_person(served, tenant), Visitor(served)
    page = visitor.authorize(new_application(served, tenant))
    visitor.http.headers.update(headers)
    assert visitor.sign_in(page, person).response.status_code == 403
    assert "gatepost-sid" not in visitor.http.cookies


@pytest.mark.requirement("R-54")
def test_an_authorization_request_by_form_gives_nothing_by_itself() -> None:
    """It is kept, and the browser comes back for it by GET, as it could have at once."""
    stage = Stage(indoors())
    request = {"client_id": stage.client.id, "redirect_uri": CALLBACK, "response_type": "code"}
    before = stage.house.store._tables
    answer = stage.visitor.http.post(AUTHORIZE, data=request, headers=FOREIGN[0])
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{AUTHORIZE}?client_id={stage.client.id}&")
    assert stage.house.store._tables.codes == before.codes


@pytest.mark.requirement("R-54", "R-40")
def test_a_request_to_sign_out_by_form_only_asks() -> None:
    stage = Stage(indoors())
    before = _state(stage)
    landing = stage.send(END_SESSION, {"state": "x"}, **FOREIGN[0])
    assert "<h1>Sign out?</h1>" in landing.response.text
    assert _state(stage) == before


def _refused(stage: Stage, path: str, fields: Fields, **headers: str) -> None:
    before = _state(stage)
    sent = fields or {"something": "else"}
    answer = stage.visitor.http.post(path, data=sent, headers=headers)
    assert answer.status_code == 403, (headers, answer.text)
    assert _state(stage) == before
    assert not [c for c in answer.headers.get_list("set-cookie") if "-sid=" in c]


def _state(stage: Stage) -> Tables:
    """All that is kept; a writer puts other tables in their place."""
    return stage.house.store._tables


def _others(stage: Stage, path: str) -> set[str]:
    """Proofs of this browser's own pages, but for another purpose or another errand."""
    one, two = stage.errand(prompt="login"), stage.errand(prompt="login")
    found = {page.response.text.split('name="proof" value="', 1)[1][:43] for page in (one, two)}
    if path != "/identity/device":
        found.add(
            stage.visitor.get("/identity/device").response.text.split('proof" value="')[1][:43]
        )
    return found
