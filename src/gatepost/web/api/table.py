"""All operations of the API in one table, and the tree that finds the one a path means."""

from collections.abc import Iterable
from typing import NamedTuple

from gatepost.web.api import (
    client_handlers,
    passkey_handlers,
    role_handlers,
    secret_handlers,
    sign_in_handlers,
    tenant_handlers,
    user_handlers,
)
from gatepost.web.api.operations import Operation

OPERATIONS: tuple[Operation, ...] = (
    *client_handlers.operations(),
    *secret_handlers.operations(),
    *role_handlers.operations(),
    *user_handlers.operations(),
    *sign_in_handlers.operations(),
    *passkey_handlers.operations(),
    *tenant_handlers.operations(),
)
_PREFIXES = (("api", "v1", "tenants"), ("api", "v1-preview", "tenants"))


class Match(NamedTuple):
    """The operations at a path by method, and the values of the path's parameters."""

    operations: dict[str, Operation]
    path: dict[str, str]


class Routes:
    """Finds operations by path; route words match without case, ids as they are."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._root = _Node()
        for operation in operations:
            self._add(operation)

    def find(self, segments: tuple[str, ...]) -> Match | None:
        """What answers at this path, whatever the method."""
        if tuple(part.lower() for part in segments[:3]) not in _PREFIXES:
            return None
        node, values = self._root, []
        for segment in segments[3:]:
            known = node.words.get(segment.lower())
            if known is None and node.parameter is not None and segment:
                known = node.parameter
                values.append(segment)
            if known is None:
                return None
            node = known
        if not node.operations:
            return None
        names = _parameter_names(next(iter(node.operations.values())).template)
        return Match(node.operations, dict(zip(names, values, strict=True)))

    def _add(self, operation: Operation) -> None:
        node = self._root
        for part in operation.template.split("/")[4:]:
            if part.startswith("{"):
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.words.setdefault(part.lower(), _Node())
        node.operations[operation.method] = operation


class _Node:
    """One step of a path."""

    def __init__(self) -> None:
        self.words: dict[str, _Node] = {}
        self.parameter: _Node | None = None
        self.operations: dict[str, Operation] = {}


def _parameter_names(template: str) -> list[str]:
    return [part[1:-1] for part in template.split("/") if part.startswith("{")]
