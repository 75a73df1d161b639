"""How SQLite goes about the portal's questions: off an index alone where a list is long.

PostgreSQL has the same indexes, and chooses by statistics that a test does not have.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from sqlalchemy import event

from gatepost.ports import ClientOrder, PageOf, Tenancy
from gatepost.storage import client_search
from gatepost.storage.engine import make_engine
from gatepost.storage.schema import migrate
from gatepost.storage.sql_store import SqlStore
from tests.stores.examples import NOW, SECRETS, client, found_tenant, recorded, user
from tests.stores.portal_examples import query

ORDERS: dict[ClientOrder, str] = {
    "name": "clients_by_name",
    "created": "clients_by_age",
    "expiry": "clients_by_expiry",
    "used": "clients_by_use",
}
SOME = PageOf(1, 2)


class Planned:
    """A store with a few rows, and what SQLite says of the statements of a question."""

    def __init__(self, path: Path) -> None:
        self._engine = make_engine(f"sqlite:///{path / 'gatepost.db'}")
        migrate(self._engine)
        self.store = SqlStore(self._engine, SECRETS)
        self.tenant_id = found_tenant(self.store)
        with recorded(self.store, self.tenant_id) as unit:
            for number in range(9):
                unit.clients.add(client(name=f"Press {number}"))
                unit.directory.add_user(user())

    def plans(self, question: Callable[[Tenancy], object]) -> list[list[str]]:
        """The plan of each statement, line by line."""
        asked: list[tuple[str, Any]] = []

        def note(*call: Any) -> None:
            if call[2].startswith("SELECT"):
                asked.append((call[2], call[3]))

        event.listen(self._engine, "before_cursor_execute", note)
        with self.store.reading(self.tenant_id) as unit:
            question(unit)
        event.remove(self._engine, "before_cursor_execute", note)
        with self._engine.connect() as connection:
            return [
                [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)]
                for sql, values in asked
            ]


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planned]:
    """One store for all questions."""
    made = Planned(tmp_path_factory.mktemp("plans"))
    yield made
    made.store.close()


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every word is one that many clients have."""
    monkeypatch.setattr(client_search, "_FEW", 1)


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("members", [{}, {"enabled": True}, {"search": "press"}], ids=str)
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("skip", [1, 7])
def test_a_page_of_clients_is_read_off_the_index_of_its_order(
    planned: Planned, order: ClientOrder, descending: bool, skip: int, members: dict[str, object]
) -> None:
    asked = query(PageOf(skip, 2), order=order, descending=descending)
    asked = structs.replace(asked, **members)
    *_, ids, rows = planned.plans(lambda unit: unit.clients.listed(asked))
    assert ids == [f"SEARCH clients USING COVERING INDEX {ORDERS[order]} (tenant_id=? AND kind=?)"]
    # by the key of the table or by the id, which is unique in the deployment
    assert rows[0].startswith("SEARCH clients USING INDEX sqlite_autoindex_clients_")
    assert rows[0].endswith("id=?)")


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    "members",
    [
        {"expires_from": NOW, "expires_before": NOW + timedelta(days=30)},
        {"expires_before": NOW, "enabled": False},
        {"without_expiry": True},
        {"expires_from": NOW, "search": "press"},
    ],
    ids=["window", "expired", "without", "search"],
)
def test_a_filter_needs_no_rows(
    planned: Planned, order: ClientOrder, members: dict[str, object]
) -> None:
    asked = structs.replace(query(SOME, order=order), **members)
    for plans, at in (
        (planned.plans(lambda unit: unit.clients.listed(asked)), -2),
        (planned.plans(lambda unit: unit.clients.count_listed(asked, 1_000)), -1),
    ):
        # the rows of a page come last, and there is no page where nothing was met
        plan = next(plan for plan in plans[at:] if any(" clients " in line for line in plan))
        reads = [line for line in plan if " clients " in line]
        assert len(reads) == 1
        assert reads[0].startswith("SEARCH clients USING COVERING INDEX ")


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    "members",
    [
        {"search": "press"},
        {"search": "press 7", "enabled": True},
        {"search": "~ab", "expires_from": NOW, "expires_before": NOW + timedelta(days=30)},
    ],
    ids=["word", "words", "id"],
)
def test_few_are_read_off_the_index_of_words(
    planned: Planned, order: ClientOrder, members: dict[str, object]
) -> None:
    asked = structs.replace(query(SOME, order=order), **members)
    for question in (
        lambda unit: unit.clients.listed(asked),
        lambda unit: unit.clients.count_listed(asked, 1_000),
    ):
        counted, found, *_ = planned.plans(question)
        words = "USING COVERING INDEX client_words_by_word (tenant_id=? AND kind=? AND word>? AND"
        for plan in (counted, found):
            reads = [line for line in plan if " client_words " in line]
            assert reads
            assert all(line.startswith(f"SEARCH client_words {words}") for line in reads)
        assert not [line for line in counted if " clients " in line]
        (by_id,) = (line for line in found if " clients " in line)
        assert by_id.startswith("SEARCH clients USING INDEX sqlite_autoindex_clients_")
        assert by_id.endswith("id=?)")


QUESTIONS: dict[str, tuple[Callable[[Tenancy], object], list[str]]] = {
    "found users": (
        lambda unit: unit.directory.found_users("example", SOME),
        [
            "SEARCH users USING COVERING INDEX users_by_age (tenant_id=?)",
            "SEARCH users USING INDEX sqlite_autoindex_users_1 (tenant_id=? AND id=?)",
        ],
    ),
    "all users": (
        lambda unit: unit.directory.users(SOME),
        [
            "SEARCH users USING COVERING INDEX users_by_age (tenant_id=?)",
            "SEARCH users USING INDEX sqlite_autoindex_users_1 (tenant_id=? AND id=?)",
        ],
    ),
    "expiring": (
        lambda unit: unit.clients.expiring(NOW, SOME),
        [
            (
                "SEARCH client_secrets USING COVERING INDEX client_secrets_by_expiry "
                "(tenant_id=? AND expires_at<?)"
            ),
            (
                "SEARCH client_secrets USING INDEX sqlite_autoindex_client_secrets_1 "
                "(tenant_id=? AND client_id=? AND id=?)"
            ),
        ],
    ),
    "newest": (
        lambda unit: unit.journal.newest(7, 2),
        ["SEARCH events USING INDEX sqlite_autoindex_events_1 (tenant_id=? AND seq<?)"],
    ),
    "refusals": (
        lambda unit: unit.journal.newest_refusals(None, 2),
        ["SEARCH events USING INDEX events_refused (tenant_id=?)"],
    ),
    "about": (
        lambda unit: unit.journal.about("a target", 7, 2),
        [
            (
                "SEARCH events USING COVERING INDEX events_by_target "
                "(tenant_id=? AND target=? AND seq<?)"
            ),
            (
                "SEARCH events USING COVERING INDEX events_by_target "
                "(tenant_id=? AND target>? AND target<?)"
            ),
            "SEARCH events USING INDEX sqlite_autoindex_events_1 (tenant_id=? AND seq=?)",
        ],
    ),
    "try-outs": (
        lambda unit: unit.grants.try_outs_of("a client"),
        ["SEARCH try_outs USING INDEX try_outs_by_client (tenant_id=? AND client_id=?)"],
    ),
    "dependents": (
        lambda unit: unit.grants.dependents("a client", NOW, 2),
        [
            "SEARCH families USING INDEX families_by_client (tenant_id=? AND client_id=?)",
            "SEARCH sign_ins USING INDEX sqlite_autoindex_sign_ins_1 (tenant_id=? AND id=?)",
            "SEARCH families USING INDEX families_by_client (tenant_id=? AND client_id=?)",
            (
                "SEARCH refresh_tokens USING INDEX refresh_tokens_by_family "
                "(tenant_id=? AND family_id=?)"
            ),
        ],
    ),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_question_walks_through_all_rows(planned: Planned, name: str) -> None:
    question, wanted = QUESTIONS[name]
    plans = planned.plans(question)
    about = {line.split()[1] for line in wanted}
    reads = [line for plan in plans for line in plan if line.split()[1] in about]
    assert [line for line in reads if line.startswith(("SEARCH", "SCAN"))] == wanted
