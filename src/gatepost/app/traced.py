"""The parts that take time, each with a span around what it does; only where traces are made."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar, cast

from gatepost.app.house import House
from gatepost.app.master_key import StartFault
from gatepost.model.events import Origin
from gatepost.ports import RedemptionStore, Signer, Store
from gatepost.settings import PREFIX, Settings
from gatepost.web.endpoints import Endpoint
from gatepost.web.front import Answered, Front, Note, Whole
from gatepost.web.http import Call, Reply

if TYPE_CHECKING:
    from gatepost.app.spans import Tracing

Step = Callable[[str], AbstractContextManager[None]]
_Made = TypeVar("_Made")

UNITS = {
    "reading": "store: read",
    "reading_calmly": "store: read a list",
    "reading_all": "store: read across tenants",
    "writing": "store: write",
    "writing_all": "store: write across tenants",
}
"""Transactions that last as long as a block."""

QUESTIONS = {
    "client_facts": "store: read a client",
    "person_facts": "store: read a person",
    "spend_all": "store: spend",
}
"""Sentences of the store that are a transaction each."""

REDEMPTIONS = {
    "code": "store: read a code",
    "refresh_token": "store: read a refresh token",
    "family": "store: read a family",
    "is_revoked": "store: read a revocation",
    "spend_code": "store: spend",
    "spend_refresh_token": "store: spend",
}
"""The same, of codes and refresh tokens."""

SIGNATURES = {"sign": "sign", "verify": "verify"}


def check_tracing(settings: Settings) -> None:
    """Refuse to start where traces are asked for and cannot be made."""
    if settings.tracing_url is None:
        return
    try:
        from gatepost.app import spans  # noqa: F401, PLC0415  (needs an extra)
    except ImportError:
        raise StartFault(
            f"{PREFIX}TRACING_URL is set, and OpenTelemetry is not installed. "
            "Install gatepost[tracing], or remove the setting."
        ) from None


def traced(house: House) -> "tuple[House, Tracing | None]":
    """The house as it is, or with spans around its store and its signatures."""
    if house.settings.tracing_url is None:
        return house, None
    from gatepost.app import spans  # noqa: PLC0415  (needs an extra)

    tracing = spans.Tracing(spans.otlp(house.settings.tracing_url))
    return with_steps(house, tracing.step), tracing


def with_steps(house: House, step: Step) -> House:
    """The house whose services take each transaction and each signature for a step."""
    world = house.world
    store = cast("Store", _SteppedStore(world.store, step))
    signer = cast("Signer", _Stepped(world.signer, step, SIGNATURES))
    return house._replace(world=world._replace(store=store, signer=signer))


class TracedFront(Front):
    """The application, with a span for each request."""

    def __init__(self, tracing: "Tracing", *parts: Any, **options: Any) -> None:
        self._tracing = tracing
        super().__init__(*parts, **options)

    @property
    def note(self) -> Note:
        """What is told of each answer, when its span has ended."""
        return self._told

    @note.setter
    def note(self, note: Note) -> None:
        def tell(answered: Answered) -> None:
            self._tracing.answered(answered)
            note(answered)

        self._told = tell

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI's entry."""
        with self._tracing.request(scope.get("headers", ())):
            await super().__call__(scope, receive, send)

    def at_once(self, whole: Whole, before: bytes) -> bytes | None:
        """The message that answers; None if not at hand, and then no span is told of it."""
        with self._tracing.request(whole.headers):
            return super().at_once(whole, before)

    def _origin(self, headers: Mapping[str, str], peer: str) -> Origin:
        origin = super()._origin(headers, peer)
        self._tracing.begun(origin)
        return origin

    def _answer(
        self, endpoint: Endpoint, handle: Callable[[Call], _Made], call: Call
    ) -> Reply | _Made:
        with self._tracing.within(call.origin):
            return super()._answer(endpoint, handle, call)

    def _replies(self, endpoint: Endpoint, calls: Sequence[Call]) -> Sequence[Reply | None]:
        """What is done for several calls at once is told of the first of them."""
        with self._tracing.within(calls[0].origin):
            return super()._replies(endpoint, calls)


class _Stepped:
    """Something of which some calls are steps; all else is as it was."""

    def __init__(self, of: object, step: Step, steps: Mapping[str, str]) -> None:
        self._of = of
        self._step = step
        self._steps = steps

    def __getattr__(self, name: str) -> Any:
        found, said = getattr(self._of, name), self._steps.get(name)
        return found if said is None else self._stepping(said, found)

    def _stepping(self, said: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*arguments: Any) -> Any:
            with self._step(said):
                return call(*arguments)

        return stepped


class _SteppedStore(_Stepped):
    """A store whose transactions are steps."""

    def __init__(self, of: Store, step: Step) -> None:
        super().__init__(of, step, QUESTIONS)
        self._store = of

    def __getattr__(self, name: str) -> Any:
        if name not in UNITS:
            return super().__getattr__(name)
        return self._lasting(UNITS[name], getattr(self._of, name))

    def redemptions(self, tenant_id: str) -> RedemptionStore:
        """The codes and refresh tokens of one tenant."""
        found = self._store.redemptions(tenant_id)
        return cast("RedemptionStore", _Stepped(found, self._step, REDEMPTIONS))

    def _lasting(self, said: str, opened: Callable[..., Any]) -> Callable[..., Any]:
        @contextmanager
        def lasting(*arguments: Any) -> Iterator[Any]:
            with self._step(said), opened(*arguments) as unit:
                yield unit

        return lasting
