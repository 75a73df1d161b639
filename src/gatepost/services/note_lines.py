"""In which order logout notes go out: each tenant has a line of its own, and the lines take turns.

An application that does not answer holds up a few notes of its own tenant and nobody else's. A note
that was not taken goes to the end of its tenant's line and rests there for a moment. No time is
read here and nothing is waited for: `now` is any clock that goes on evenly, in seconds.
"""

from collections import Counter, deque
from heapq import heappop, heappush
from typing import NamedTuple

TRIES = 3
PAUSE_S = 2.0
AT_ONCE = 2
MOST_OF_TENANT = 2_000
MOST_IN_ALL = 10_000


class LogoutNote(NamedTuple):
    """One application to be told that a sign-in has ended."""

    tenant_id: str
    address: str
    client_id: str
    user_id: str
    sign_in_id: str


class Try(NamedTuple):
    """A note on its way, for the so many-eth time."""

    note: LogoutNote
    number: int = 1


class _Line:
    """The notes of one tenant: those that were not tried, and those that rest."""

    def __init__(self) -> None:
        self.fresh: deque[Try] = deque()
        self.resting: list[tuple[float, int, Try]] = []

    def __len__(self) -> int:
        return len(self.fresh) + len(self.resting)

    def due(self, now: float) -> bool:
        return bool(self.fresh) or bool(self.resting and self.resting[0][0] <= now)

    def next(self) -> Try:
        return self.fresh.popleft() if self.fresh else heappop(self.resting)[2]


class NoteLines:
    """The lines of all tenants."""

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}
        self._under_way: Counter[str] = Counter()
        self._count = 0
        self._put = 0

    def __len__(self) -> int:
        return self._count

    def put(self, note: LogoutNote) -> bool:
        """Take a note; False when its tenant, or all together, have too many."""
        line = self._lines.get(note.tenant_id, _Line())
        if self._count >= MOST_IN_ALL or len(line) >= MOST_OF_TENANT:
            return False
        self._lines[note.tenant_id] = line
        line.fresh.append(Try(note))
        self._count += 1
        return True

    def take(self, now: float) -> Try | None:
        """The next that may go, of the tenant whose turn it is; it is under way from now on."""
        for tenant_id, line in self._lines.items():
            if self._under_way[tenant_id] < AT_ONCE and line.due(now):
                break
        else:
            return None
        taken = line.next()
        self._count -= 1
        self._under_way[tenant_id] += 1
        del self._lines[tenant_id]
        if line:
            self._lines[tenant_id] = line
        return taken

    def rests_for(self, now: float) -> float | None:
        """How long until one that rests may go; None when none rests."""
        ends = [line.resting[0][0] for line in self._lines.values() if line.resting]
        return max(min(ends) - now, 0.0) if ends else None

    def taken(self, sent: Try) -> None:
        """It was delivered, or given up."""
        tenant_id = sent.note.tenant_id
        self._under_way[tenant_id] -= 1
        if not self._under_way[tenant_id]:
            del self._under_way[tenant_id]

    def refused(self, sent: Try, now: float) -> bool:
        """It was not taken: it rests and goes again, or it is given up, which is False."""
        self.taken(sent)
        if sent.number >= TRIES:
            return False
        self._put += 1
        line = self._lines.setdefault(sent.note.tenant_id, _Line())
        heappush(line.resting, (now + PAUSE_S, self._put, Try(sent.note, sent.number + 1)))
        self._count += 1
        return True

    def forget_resting(self) -> list[Try]:
        """Give up all that were tried already, since there is no time for another try."""
        given_up = [held for line in self._lines.values() for _, _, held in line.resting]
        for line in self._lines.values():
            line.resting.clear()
        self._lines = {tenant_id: line for tenant_id, line in self._lines.items() if line}
        self._count -= len(given_up)
        return given_up
