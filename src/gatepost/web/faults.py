"""What is told when it is our fault: no store, no room, or what nobody expected."""

from gatepost.model.errors import Code, Refused

UNAVAILABLE = Refused(
    Code.STORE_UNAVAILABLE,
    "The server cannot reach its store just now.",
    "Try again in a moment.",
)


def unexpected(support_id: str) -> Refused:
    """A fault that the log has more about."""
    return Refused(
        Code.INTERNAL,
        "Something went wrong on the server.",
        f"Tell your administrator this support id: {support_id}.",
    )
