import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.model.mail import MailServer, deliverable, mail_server
from gatepost.model.uris import Fault


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("smtps://mail.example.com", MailServer("mail.example.com", 465, is_tls=True)),
        ("smtp://mail.example.com/", MailServer("mail.example.com", 587, is_tls=False)),
        ("smtp://Mail.Example.com:25", MailServer("mail.example.com", 25, is_tls=False)),
        ("smtp://localhost:1025", MailServer("localhost", 1025, is_tls=False)),
        ("smtp://[::1]", MailServer("::1", 587, is_tls=False)),
        ("smtps://[::1]:2525", MailServer("::1", 2525, is_tls=True)),
        ("smtps://gate:pass@h:1", MailServer("h", 1, user="gate", password="pass", is_tls=True)),
        (
            "smtps://gate%40example.com:a%3Ab%2F%25@h",
            MailServer("h", 465, user="gate@example.com", password="a:b/%", is_tls=True),
        ),
    ],
)
def test_an_address_of_a_mail_server(text: str, server: MailServer) -> None:
    assert mail_server(text) == server


@pytest.mark.requirement("R-76")
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no address of a mail server"),
        ("mail.example.com", "no address of a mail server"),
        ("gate:geheim@mail.example.com", "no address of a mail server"),
        ("https://mail.example.com", "no address of a mail server"),
        ("SMTP://mail.example.com", "no address of a mail server"),
        ("smtp://", "no valid host and port"),
        ("smtp://:25", "no valid host and port"),
        ("smtp://h:", "no valid host and port"),
        ("smtp://h:0", "no valid host and port"),
        ("smtp://h:65536", "no valid host and port"),
        ("smtp://gate:geheim", "no valid host and port"),
        ("smtp://gate:geheim@", "no valid host and port"),
        ("smtp://h h", "no valid host and port"),
        ("smtp://h/path", "something after host and port"),
        ("smtp://h?x=geheim", "something after host and port"),
        ("smtp://gate@h", "and not both"),
        ("smtp://gate:@h", "and not both"),
        ("smtp://:geheim@h", "and not both"),
        ("smtp://@h", "and not both"),
        ("smtp://gate:ge@heim@h", "a special character"),
        ("smtp://gate:ge/heim@h", "a special character"),
        ("smtp://gate:ge:heim@h", "a special character"),
        ("smtp://gate:geheim%@h", "a special character"),
        ("smtp://gate:ge%0aheim@h", "blanks or characters beyond ASCII"),
        ("smtp://gate:ge heim@h", "blanks or characters beyond ASCII"),
        ("smtp://gate:gehe%C3%AFm@h", "blanks or characters beyond ASCII"),
    ],
)
def test_an_address_that_is_none(text: str, problem: str) -> None:
    fault = mail_server(text)
    assert isinstance(fault, Fault)
    assert problem in fault.problem
    assert "geheim" not in str(fault)
    assert "ge heim" not in str(fault)


@given(st.text(max_size=60))
def test_any_text_is_a_server_or_a_fault(text: str) -> None:
    for each in (text, f"smtp://{text}", f"smtps://{text}@h"):
        assert isinstance(mail_server(each), MailServer | Fault)


@pytest.mark.requirement("R-76")
def test_no_repr_shows_the_password() -> None:
    server = MailServer("h", 465, user="gate", password="geheim", is_tls=True)
    assert {repr(server), str(server), f"{server}"} == {"MailServer(smtps://***@h:465)"}
    assert repr(MailServer("h", 25, is_tls=False)) == "MailServer(smtp://h:25)"


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("::1", True),
        ("127.0.0.2", False),
        ("localhost.example.com", False),
        ("mail.example.com", False),
    ],
)
def test_this_machine_is_known(host: str, here: bool) -> None:
    assert MailServer(host, 25, is_tls=False).is_here is here


@given(st.text(max_size=40))
def test_what_is_deliverable_is_one_address(text: str) -> None:
    for each in (text, f"{text}@example.com", f"kim@{text}"):
        found = deliverable(each)
        if found is not None:
            assert found.count("@") == 1
            assert not set(found) & set(' \t\r\n\0,;<>()[]"\\:')
            assert found.rpartition("@")[2].isascii()
