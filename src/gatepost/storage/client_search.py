"""How clients are searched: few that have a word are read off the index of words.

A word that many have is looked for along the order of the list instead, where one soon comes by.
"""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    Subquery,
    and_,
    func,
    or_,
    select,
    union,
)

from gatepost.model.search import Search, id_entry, past
from gatepost.storage.tables import client_words, clients
from gatepost.storage.unit_of_work import UnitOfWork

# So many cost about as much to sort as a walk along all of a long list costs.
_FEW = 2_000


class ClientSearch:
    """A search among the clients of a kind of one tenant."""

    def __init__(self, work: UnitOfWork, of_kind: tuple[str, str], search: Search) -> None:
        self._work = work
        self._tenant_id, self._kind = of_kind
        self._words = search.words
        self._id_start = search.id_start

    def ids(self) -> Select[Any]:
        """The ids of the clients that the search meets, in no order."""
        if not self._words:
            return self._of_kind()
        of_id = (id_entry(self._id_start),) if self._id_start else ()
        counts = self._counts((*self._words, *of_id))
        # Most searches are of words alone: then no id needs a look.
        met_ids = tuple(entry for entry in of_id if counts[entry])
        said = self._said(self._id_start if met_ids else "")
        wanted = (min(self._words, key=counts.__getitem__), *met_ids)
        if sum(counts[entry] for entry in wanted) >= _FEW:
            return self._of_kind().where(said)
        return _among(
            union(*(self._beginning(entry).distinct() for entry in wanted)).subquery()
        ).where(said)

    def _of_kind(self) -> Select[Any]:
        here = (clients.c.tenant_id == self._tenant_id, clients.c.kind == self._kind)
        return select(clients.c.id).where(*here)

    def _said(self, id_start: str) -> ColumnElement[bool]:
        words = and_(*(self._work.has_part(clients.c.words, f" {word}") for word in self._words))
        if not id_start:
            return words
        return or_(words, func.substr(func.lower(clients.c.id), 1, len(id_start)) == id_start)

    def _counts(self, starts: tuple[str, ...]) -> dict[str, int]:
        """How many entries begin with each, counted no further than is told apart."""
        counted = self._work.one(select(*map(self._counted, starts)))
        return dict(zip(starts, counted or (), strict=True))

    def _counted(self, start: str) -> ScalarSelect[int]:
        some = self._beginning(start).limit(_FEW).subquery()
        return select(func.count()).select_from(some).scalar_subquery()

    def _beginning(self, start: str) -> Select[Any]:
        return select(client_words.c.tenant_id, client_words.c.client_id).where(
            client_words.c.tenant_id == self._tenant_id,
            client_words.c.kind == self._kind,
            client_words.c.word >= start,
            client_words.c.word < past(start),
        )


def _among(few: Subquery) -> Select[Any]:
    # By the tenant of the words: told which one, SQLite would walk all of its clients.
    mine = and_(clients.c.tenant_id == few.c.tenant_id, clients.c.id == few.c.client_id)
    return select(clients.c.id).join_from(few, clients, mine)
