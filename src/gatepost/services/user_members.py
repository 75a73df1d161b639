"""What may be said of a person: where they sign in, and what follows from that."""

from collections.abc import Mapping
from typing import Any

from gatepost.model.errors import Code, Refused
from gatepost.model.people import LOCAL_PROVIDER, OUTSIDE_PROVIDERS, User


def known_provider(provider_id: str | None) -> str:
    """The provider that was named, if there is such a one."""
    if provider_id in {LOCAL_PROVIDER, *OUTSIDE_PROVIDERS}:
        return str(provider_id)
    known = ", ".join(f"{id_} ({name})" for id_, name in OUTSIDE_PROVIDERS.items())
    raise Refused(
        Code.INVALID_MEMBER,
        "IdentityProviderId is missing."
        if provider_id is None
        else f"There is no identity provider {provider_id}.",
        f"IdentityProviderId: send {LOCAL_PROVIDER} for people who sign in here with a password, "
        f"or one of {known}.",
    )


def as_signed_in_here(provider_id: str, members: Mapping[str, Any]) -> dict[str, Any]:
    """For local people the contact data are all there is: what a provider would tell of them."""
    if provider_id != LOCAL_PROVIDER:
        return {}
    same = {
        "email": "contact_email",
        "given_name": "contact_given_name",
        "surname": "contact_surname",
    }
    return {known: members[contact] for known, contact in same.items() if contact in members}


def expected_elsewhere(members: Mapping[str, Any]) -> dict[str, Any]:
    """Until an outside provider tells more, a person without an id of theirs has one address.

    No second person of the provider may have it too.
    """
    known_by_id = members.get("provider_user_id") or members.get("external_user_id")
    address = members.get("contact_email")
    return {"email": address} if address and not known_by_id else {}


def check_fixed(user: User, wanted: dict[str, Any]) -> None:
    """Take what cannot change out of what is wanted; refused where it would."""
    for attribute, member in (("id", "Id"), ("provider_id", "IdentityProviderId")):
        sent = wanted.pop(attribute, None)
        if sent is not None and sent != getattr(user, attribute):
            raise Refused(
                Code.INVALID_MEMBER,
                f"{member} is {sent}, and the user has {getattr(user, attribute)}.",
                f"{member} cannot be changed; leave it out or send what it is.",
            )
