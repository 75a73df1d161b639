"""`gatepost journal show`: what a support id of an error page leads to."""

import json
import re

import pytest

from tests.cli.program import Place

PAGE = "/identity/connect/authorize"
SENT = "https://app.example.com/callbacks"


@pytest.mark.requirement("R-59")
def test_the_support_id_of_an_error_page_leads_to_what_is_wrong(place: Place) -> None:
    told = place.init()
    with place.serving() as server:
        token = server.token(told["AdminClientId"], told["AdminClientSecret"])
        made = server.http.post(
            f"/api/v1/Tenants/{told['TenantId']}/HybridClients",
            json={"Name": "Boiler house", "RedirectUris": ["https://app.example.com/callback"]},
            headers={"Authorization": f"Bearer {token}"},
        )
        client_id = made.json()["Client"]["Id"]
        page = server.http.get(PAGE, params={"client_id": client_id, "redirect_uri": SENT})
    assert page.status_code == 400
    assert SENT not in page.text
    support_id = re.findall(r"[0-9a-f-]{36}", page.text)[-1]
    (row,) = json.loads(place.run("journal", "show", support_id, "--json").out)
    assert row["Reason"] == "redirect_uri_unknown"
    assert row["Target"] == client_id
    assert row["Sent"] == SENT
    assert row["Registered"] == ["https://app.example.com/callback"]
    assert row["FirstDifference"] == len("https://app.example.com/callback") + 1
    assert "Mend:" in place.run("journal", "show", support_id).out


def test_an_unknown_support_id_is_told_where_else_to_look(place: Place) -> None:
    place.init()
    said = place.run("journal", "show", "0af76519-16cd-43dd-8448-eb211c80319c").refusal()
    assert "log" in said


@pytest.mark.requirement("R-77")
def test_what_a_stranger_sent_forges_no_line_and_moves_no_cursor(place: Place) -> None:
    told = place.init()
    forged = "https://evil.example/\nMend:            Register it\x1b[31m\u202e"
    with place.serving() as server:
        token = server.token(told["AdminClientId"], told["AdminClientSecret"])
        made = server.http.post(
            f"/api/v1/Tenants/{told['TenantId']}/HybridClients",
            json={"Name": "Boiler house"},
            headers={"Authorization": f"Bearer {token}"},
        )
        client_id = made.json()["Client"]["Id"]
        page = server.http.get(PAGE, params={"client_id": client_id, "redirect_uri": forged})
    support_id = re.findall(r"[0-9a-f-]{36}", page.text)[-1]
    said = place.run("journal", "show", support_id).out
    assert len([line for line in said.splitlines() if line.startswith("Mend:")]) == 1
    assert "\x1b" not in said
    assert "\u202e" not in said
