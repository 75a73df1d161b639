"""What every answer of the API has, whatever was asked."""

import httpx

from tests.web.contract.schema import faults

# A list that is only counted is not read, so its HEAD has no length (RFC 9110, 8.6).
VARYING = {"content-length", "date", "operation-id"}


def check_answer(answer: httpx.Response, status: int, schema: str | None) -> None:
    """The status, an operation id, and a body of the schema as exactly `application/json`."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Operation-Id"]
    assert answer.headers["Cache-Control"] == "no-store"
    if answer.request.method == "HEAD" or schema is None:
        assert answer.content == b""
        return
    assert answer.headers["Content-Type"] == "application/json"
    assert faults(answer.json(), schema) == []


def check_error(answer: httpx.Response, status: int) -> None:
    """An error in four non-empty texts, of which the first is the header's operation id."""
    check_answer(answer, status, "ErrorResponse")
    if answer.request.method != "HEAD":
        body = answer.json()
        assert all(text.strip() for text in body.values())
        assert body["OperationId"] == answer.headers["Operation-Id"]


def steady_headers(answer: httpx.Response) -> dict[str, str]:
    """The headers, without those that differ from one answer to the next."""
    return {name: value for name, value in answer.headers.items() if name not in VARYING}


def steady_body(answer: httpx.Response) -> object:
    """The body, without the operation id."""
    if not answer.content:
        return None
    body = answer.json()
    if isinstance(body, dict):
        body.pop("OperationId", None)
    return body
