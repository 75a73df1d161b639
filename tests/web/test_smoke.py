"""A token is got over HTTP and opens the API, on both stores."""

from tests.served import Served


def test_a_token_opens_the_tenant(served: Served) -> None:
    answer = served.http.get(served.api(), headers=served.admin())
    assert answer.status_code == 200
    assert answer.json()["Id"] == served.first.id
