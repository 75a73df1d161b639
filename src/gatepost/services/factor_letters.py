"""Letters that tell people of a change of their second factor, where mail is set up.

They carry no link and no code. A letter that cannot be sent, or would be one too many, is left out:
the change stands in the journal either way.
"""

from gatepost.model import throttle
from gatepost.model.events import Action
from gatepost.model.people import User
from gatepost.model.tenants import Tenant
from gatepost.ports import Mailer
from gatepost.services import throttling
from gatepost.services.password_letters import told
from gatepost.services.world import World

_WORDS = {
    Action.AUTHENTICATOR_ADDED: (
        "An authenticator app was added",
        """An authenticator app was added to your account{where}.
From now on you are asked for one of its codes after your password.""",
    ),
    Action.AUTHENTICATOR_REMOVED: (
        "Your authenticator app was removed",
        """The authenticator app was removed from your account{where},
and its recovery codes with it.""",
    ),
    Action.RECOVERY_CODES_MADE: (
        "New recovery codes were made",
        """New recovery codes were made for your account{where}.
The old ones open nothing any more.""",
    ),
    Action.PASSKEY_ADDED: (
        "A passkey was added",
        """A passkey was added to your account{where}.
It alone opens the account from now on, by fingerprint, face or the PIN of its device.""",
    ),
    Action.PASSKEY_REMOVED: (
        "Passkeys were removed",
        """One or all of the passkeys of your account{where} were removed, on your account page or
by an administrator. You sign in with your password, and can add passkeys again on that page.""",
    ),
    Action.RECOVERY_CODE_USED: (
        "A recovery code was used",
        """Somebody signed in to your account{where} with your password and one of your recovery
codes. You see how many are left on your account page, and make new ones there.""",
    ),
    Action.FACTORS_REMOVED: (
        "Your second factors were removed",
        """An administrator removed the authenticator app, the recovery codes and the passkeys
of your account{where}.
Your password alone opens it until you add one of them again.""",
    ),
}


class FactorLetters:
    """Writes to people about their factors."""

    def __init__(self, world: World, mailer: Mailer) -> None:
        self._world = world
        self._mailer = mailer

    def tell(self, tenant: Tenant, user: User, action: Action) -> bool:
        """Send a letter; False where none was sent."""
        if not self._mailer.is_set or user.email is None:
            return False
        limits = throttling.keys(
            self._world, {f"{tenant.id} factor letters {user.id}": throttle.LETTERS}
        )
        with self._world.store.writing(tenant.id) as tenancy:
            wait = throttling.count(self._world, tenancy, limits)
        return not wait and self._mailer.send(user.email, *written(tenant, user, action))


def written(tenant: Tenant, user: User, action: Action) -> tuple[str, str]:
    """Subject and text."""
    subject, happened = _WORDS[action]
    name, organisation = told(user.given_name or ""), told(tenant.name)
    at, of = (f" at {organisation}", f" for {organisation}") if organisation else ("", "")
    return (
        subject + of,
        f"""{f"Hello {name}," if name else "Hello,"}

{happened.format(where=at)}

If you did not expect this, tell your administrator at once: somebody else may know your password.
""",
    )
