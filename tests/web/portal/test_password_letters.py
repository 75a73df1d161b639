"""Too many letters with links, as the portal tells it."""

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from gatepost.model import throttle
from gatepost.model.mail import MailServer
from tests.post_office import PostOffice, post_office
from tests.web.portal.desk import Worker, office
from tests.web.portal.test_users import ADD, CONTACT, EMAIL, USERS, with_address, without_password

pytestmark = pytest.mark.requirement("R-49")


@pytest.fixture
def mail() -> Iterator[PostOffice]:
    with post_office() as mail:
        yield mail


@pytest.fixture
def worker(mail: PostOffice) -> Worker:
    server = MailServer("127.0.0.1", mail.port, is_tls=False)
    return office(smtp_url=server, mail_from="id@example.com").administrator()


def new_link(worker: Worker, user_id: str) -> httpx.Response:
    return worker.post(f"{USERS}/{user_id}/link", on=f"{USERS}?user={user_id}")


def test_too_many_letters_to_one_person_are_refused_on_a_page(
    worker: Worker, mail: PostOffice
) -> None:
    user = without_password(worker)
    for _ in range(2):
        assert f"was sent to {EMAIL}" in new_link(worker, user.id).text
    refused = new_link(worker, user.id)
    assert refused.status_code == 400
    assert "robin@example.com&#34; was sent a letter with a link lately." in refused.text
    assert "Make a new link in a minute." in refused.text
    assert "password_link" not in refused.text
    worker.inside.forward(minutes=1)
    assert f"was sent to {EMAIL}" in new_link(worker, user.id).text
    assert len(mail.handed) == 3


def test_a_user_who_is_added_beyond_the_limit_of_the_tenant_gets_a_link_later(
    worker: Worker, mail: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        none_for_now = throttle.Limit(0, timedelta(minutes=3))
        patch.setattr(throttle, "LETTERS_OF_TENANT", none_for_now)
        refused = worker.submit(worker.get(ADD), ADD, **CONTACT)
    assert refused.status_code == 400
    assert "Make a new link in 3 minutes." in refused.text
    user = with_address(worker)
    assert user is not None
    assert not mail.handed
    assert f"was sent to {EMAIL}" in new_link(worker, user.id).text
