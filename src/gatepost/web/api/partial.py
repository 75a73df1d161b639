"""The answer to a list of ids of which some lead nowhere: 207 with what was found (facts.md 4)."""

from collections.abc import Sequence
from typing import Any

from gatepost.model.text import quoted
from gatepost.web.api.operations import Answer, Request
from gatepost.web.http import Headers


def partly_found(
    request: Request, shown: Sequence[Any], missing: tuple[str, Sequence[str]], headers: Headers
) -> Answer:
    """What was found, and an error for each id that was not; `missing` is (thing, ids)."""
    thing, ids = missing
    operation_id = request.call.origin.operation_id
    errors = [
        {
            "OperationId": operation_id,
            "Error": f"{thing[0].upper()}{thing[1:]} not found",
            "Reason": f"There is no {thing} with the id {quoted(id_)} in this tenant.",
            "Resolution": f"Check the id; list the {thing}s of the tenant to see which there are.",
            "EventId": operation_id,
            "StatusCode": 404,
            "ModelId": id_,
        }
        for id_ in ids
    ]
    body = {
        "OperationId": operation_id,
        "Error": "Some ids were not found",
        "Reason": f"{len(ids)} of the ids led to no {thing}.",
        "EventId": operation_id,
        "ChildErrors": errors,
        "Data": shown,
    }
    return Answer(207, body, headers)
