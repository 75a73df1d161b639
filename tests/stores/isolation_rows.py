"""What the tables of isolation are made of: the tenants of the scene, shared ids, and a row."""

from collections.abc import Callable
from typing import NamedTuple

from gatepost.model.tenants import ROLE_TYPES
from gatepost.ports import Tenancy
from tests.stores.examples import guid

MARK = "for the eyes of the first tenant only"
SHARED_ROLE = guid()
SHARED_USER = guid()
EMAIL = "kim@example.com"
REFUSED = "an exception"
BUILT_IN = len(ROLE_TYPES)


class Scene(NamedTuple):
    """The first tenant, which has everything, and the ids of its clients and own things."""

    first: str
    twin: str
    empty: str
    client_id: str
    role_id: str
    user_id: str


class Row(NamedTuple):
    """A call with the first tenant's ids, and what it says in an empty tenant and in a twin."""

    call: Callable[[Tenancy, Scene], object]
    empty: object
    twin: object
