import logging
import socket
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from gatepost.model.mail import MailServer
from gatepost.outgoing import NoMailer, SmtpMailer
from gatepost.ports import Mailer
from gatepost.system import SystemDice
from tests.peer import certificate
from tests.post_office import Habits, Handed, PostOffice, post_office
from tests.services.world import SetClock

SENDER = "gatepost@example.com"
TO = "kim@example.com"
SUBJECT = "Choose your password"
TEXT = (
    "Hello Kim,\n\n.a line with a dot\n\nhttps://id.example.com/identity/welcome?link=" + "x" * 90
)
SHORT_S = 0.5
LONG_S = 30.0
LOGIN = ("gate", "pa55:word@/%")
CHANCE = (SetClock(), SystemDice())


def mailer(
    office: PostOffice,
    host: str = "127.0.0.1",
    *,
    is_tls: bool = False,
    login: tuple[str, str] = ("", ""),
    patience_s: float = LONG_S,
    trust: ssl.SSLContext | None = None,
) -> SmtpMailer:
    server = MailServer(host, office.port, is_tls, *login)
    return SmtpMailer(server, SENDER, CHANCE, patience_s, trust)


def sent(by: Mailer, to: str = TO, subject: str = SUBJECT, text: str = TEXT) -> bool:
    return by.send(to, subject, text)


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a host that is not this machine, whose calls land here all the same."""
    found = socket.getaddrinfo

    def here(_host: str, port: int, **more: int) -> object:
        return found("127.0.0.1", port, **more)

    monkeypatch.setattr(socket, "getaddrinfo", here)
    return "mail.example.com"


def test_without_a_server_nothing_is_sent() -> None:
    none: Mailer = NoMailer()
    assert not none.is_set
    assert not sent(none)


class TestLetters:
    @pytest.fixture
    def office(self) -> Iterator[PostOffice]:
        with post_office() as office:
            yield office

    def one(self, office: PostOffice, to: str = TO, subject: str = SUBJECT) -> Handed:
        by: Mailer = mailer(office)
        assert by.is_set
        assert sent(by, to, subject)
        (handed,) = office.handed
        return handed

    def test_a_letter_arrives_as_it_was_written(self, office: PostOffice) -> None:
        handed = self.one(office)
        assert (handed.sender, handed.to) == (SENDER, TO)
        assert handed.text.splitlines() == TEXT.splitlines()
        headers = dict(handed.letter.items())
        assert headers.pop("Message-ID").endswith("@example.com>")
        assert headers.pop("Content-Type").startswith("text/plain; charset=")
        assert headers.pop("Content-Transfer-Encoding")
        assert headers == {
            "From": SENDER,
            "To": TO,
            "Subject": SUBJECT,
            "Date": "Fri, 01 May 2026 12:00:00 +0000",
            "Auto-Submitted": "auto-generated",
            "MIME-Version": "1.0",
        }

    def test_this_machine_is_not_told_by_name(self, office: PostOffice) -> None:
        self.one(office)
        assert office.heard[0] == "ehlo example.com"
        assert office.heard[-1].upper() == "QUIT"

    @pytest.mark.parametrize("subject", ["Wählen Sie ein Passwort", "選択" * 60, "x" * 300])
    def test_any_subject_arrives(self, office: PostOffice, subject: str) -> None:
        assert self.one(office, subject=subject).letter["Subject"] == subject

    def test_a_letter_beyond_ascii_arrives(self, office: PostOffice) -> None:
        assert sent(mailer(office), text="Grüße\n.\n選択\n")
        assert office.handed[0].text.splitlines() == ["Grüße", ".", "選択"]
        assert all(line.isascii() for line in office.heard)

    @pytest.mark.parametrize(
        ("to", "told"),
        [
            ("kim+tag@example.com", "kim+tag@example.com"),
            ("kim@bücher.example", "kim@xn--bcher-kva.example"),
            ("jürgen@example.com", "jürgen@example.com"),
        ],
    )
    def test_an_address_as_servers_are_told_it(
        self, office: PostOffice, to: str, told: str
    ) -> None:
        assert self.one(office, to).to == told

    @pytest.mark.requirement("R-82")
    @pytest.mark.parametrize(
        "to",
        [
            "kim@example.com\r\nBcc: eve@example.com",
            "kim@example.com\nRCPT TO:<eve@example.com>",
            "eve,kim@example.com",
            "<eve>@example.com",
            '"eve"@example.com',
            "eve(kim)@example.com",
            "kim@example.com>",
            "kim@example.com,eve",
            "kim@example.com/eve",
            "kim@[192.0.2.1]",
            "kim eve@example.com",
            ".kim@example.com",
            "kim..eve@example.com",
            "kim@",
            "@example.com",
            "kim",
            "",
            "k" * 65 + "@example.com",
            "kim@" + "e" * 64 + ".com",
            "kim@exa\0mple.com",
        ],
    )
    def test_an_address_that_is_read_in_two_ways_gets_nothing(
        self, office: PostOffice, to: str
    ) -> None:
        assert not sent(mailer(office), to)
        assert office.heard == []

    @pytest.mark.parametrize("subject", ["a\r\nBcc: eve@example.com", "a\nb", "a\rb", "a\0b"])
    def test_no_header_is_planted_by_a_subject(self, office: PostOffice, subject: str) -> None:
        assert not sent(mailer(office), subject=subject)
        assert office.heard == []


class TestRefusals:
    @pytest.mark.parametrize(
        ("command", "said", "told"),
        [
            ("", "554 go away", "SMTPConnectError 554"),
            ("", "hello", "SMTPConnectError -1"),
            ("", None, "SMTPServerDisconnected"),
            ("MAIL", "550 not from here", "SMTPSenderRefused 550"),
            ("RCPT", "550 no such person", "SMTPRecipientsRefused 550"),
            ("RCPT", "451 later", "SMTPRecipientsRefused 451"),
            ("DATA", "452 full", "SMTPDataError 452"),
            ("letter", "554 looks like spam", "SMTPDataError 554"),
            ("letter", None, "SMTPServerDisconnected"),
        ],
    )
    def test_what_a_server_refuses_is_false(
        self, command: str, said: str | None, told: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        with post_office(Habits({command: said})) as office:
            assert not sent(mailer(office))
        assert caplog.messages == [
            f"MailServer(smtp://127.0.0.1:{office.port}) did not take a letter: {told}"
        ]

    def test_nobody_there_is_false(self) -> None:
        with post_office() as office:
            pass
        assert not sent(mailer(office))

    @pytest.mark.parametrize("command", ["QUIT"])
    @pytest.mark.parametrize("said", ["500 what", None])
    def test_a_letter_that_was_taken_is_sent(self, command: str, said: str | None) -> None:
        with post_office(Habits({command: said})) as office:
            assert sent(mailer(office))
            assert len(office.handed) == 1

    @pytest.mark.parametrize("command", ["", "EHLO", "MAIL", "RCPT", "DATA", "letter"])
    def test_waits_once_for_the_whole_letter(self, command: str) -> None:
        with post_office(Habits(silent=command)) as office:
            began = time.monotonic()
            assert not sent(mailer(office, patience_s=SHORT_S))
            assert time.monotonic() - began < 10 * SHORT_S

    def test_a_server_that_never_stops_to_speak_is_cut(self) -> None:
        endless = "\r\n".join(["220-wait"] * 1000) + "\r\n220-"
        with post_office(Habits({"": endless})) as office:
            began = time.monotonic()
            assert not sent(mailer(office, patience_s=SHORT_S))
            assert time.monotonic() - began < 10 * SHORT_S


class TestManyAtOnce:
    @pytest.mark.requirement("R-47")
    def test_a_third_letter_waits_for_no_slow_server(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        with (
            ThreadPoolExecutor(2) as pool,
            ExitStack() as links,
            socket.create_server(("127.0.0.1", 0)) as slow,
        ):
            slow.settimeout(LONG_S)
            server = MailServer("127.0.0.1", slow.getsockname()[1], is_tls=False)
            by = SmtpMailer(server, SENDER, CHANCE, LONG_S)
            two = [pool.submit(sent, by) for _ in range(2)]
            for _ in two:
                links.enter_context(slow.accept()[0])
            began = time.monotonic()
            assert not sent(by)
            assert time.monotonic() - began < LONG_S / 3
            assert caplog.messages == ["a letter was not sent: 2 others are under way"]
            links.close()
            assert [letter.result() for letter in two] == [False, False]

    @pytest.mark.parametrize(
        ("habits", "told"), [(Habits(), True), (Habits({"MAIL": "550 not from here"}), False)]
    )
    def test_a_letter_that_ended_makes_place_for_the_next(
        self, habits: Habits, told: bool, caplog: pytest.LogCaptureFixture
    ) -> None:
        with post_office(habits) as office:
            by = mailer(office)
            assert [sent(by) for _ in range(5)] == [told] * 5
        assert "under way" not in caplog.text


class TestSigningIn:
    def test_with_user_and_password(self) -> None:
        with post_office(Habits(login=LOGIN)) as office:
            assert sent(mailer(office, login=LOGIN))
            assert len(office.handed) == 1

    @pytest.mark.requirement("R-76")
    def test_the_password_stands_nowhere(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        wrong = (LOGIN[0], "geheim-77")
        with post_office(Habits(login=LOGIN)) as office:
            by = mailer(office, login=wrong)
            assert not sent(by)
            assert not office.handed
        assert "SMTPAuthenticationError 535" in caplog.text
        assert any("AUTH" in line for line in office.heard)
        for text in (caplog.text, repr(by._server), str(by._server), f"{by._server}"):
            assert "geheim" not in text
            assert LOGIN[0] + ":" not in text

    def test_a_server_that_lets_nobody_sign_in(self, caplog: pytest.LogCaptureFixture) -> None:
        with post_office() as office:
            assert not sent(mailer(office, login=LOGIN))
            assert not office.handed
        assert "SMTPNotSupportedError" in caplog.text


class TestEncryption:
    @pytest.fixture
    def own(self, tmp_path: Path) -> ssl.SSLContext:
        """A server's certificate for 127.0.0.1, by itself."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate(tmp_path))
        return context

    @pytest.fixture
    def trust(self, own: ssl.SSLContext, tmp_path: Path) -> ssl.SSLContext:
        """Somebody who trusts it."""
        assert own.verify_mode is ssl.CERT_NONE
        return ssl.create_default_context(cafile=tmp_path / "server.pem")

    @pytest.fixture
    def lenient(self, trust: ssl.SSLContext) -> ssl.SSLContext:
        """The same, whatever the host is called: the certificate is for another."""
        trust.check_hostname = False
        return trust

    def test_from_the_first_byte_on(self, own: ssl.SSLContext, trust: ssl.SSLContext) -> None:
        with post_office(Habits(tls=own, login=LOGIN)) as office:
            assert sent(mailer(office, is_tls=True, trust=trust, login=LOGIN))
            assert office.handed[0].encrypted

    def test_by_starttls(self, own: ssl.SSLContext, lenient: ssl.SSLContext, away: str) -> None:
        with post_office(Habits(starttls=own, login=LOGIN)) as office:
            assert sent(mailer(office, away, trust=lenient, login=LOGIN))
            assert office.handed[0].encrypted
            assert office.heard[:2] == ["ehlo example.com", "STARTTLS"]

    def test_a_server_without_starttls_gets_nothing(
        self, away: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        with post_office(Habits(login=LOGIN)) as office:
            assert not sent(mailer(office, away, login=LOGIN))
            assert office.heard == ["ehlo example.com"]
        assert "SMTPNotSupportedError" in caplog.text

    @pytest.mark.parametrize("said", ["454 not now", None])
    def test_a_server_that_refuses_starttls_gets_nothing(
        self, own: ssl.SSLContext, away: str, said: str | None
    ) -> None:
        with post_office(Habits({"STARTTLS": said}, starttls=own, login=LOGIN)) as office:
            assert not sent(mailer(office, away, login=LOGIN))
            assert not any("AUTH" in line or "MAIL" in line for line in office.heard)

    @pytest.mark.parametrize("is_tls", [True, False])
    def test_a_certificate_of_a_stranger_is_refused(
        self, own: ssl.SSLContext, away: str, is_tls: bool, caplog: pytest.LogCaptureFixture
    ) -> None:
        habits = Habits(tls=own) if is_tls else Habits(starttls=own)
        with post_office(habits) as office:
            assert not sent(mailer(office, away, is_tls=is_tls))
            assert not office.handed
        assert "SSLCertVerificationError" in caplog.text

    @pytest.mark.parametrize("is_tls", [True, False])
    def test_a_certificate_of_another_host_is_refused(
        self, own: ssl.SSLContext, trust: ssl.SSLContext, away: str, is_tls: bool
    ) -> None:
        habits = Habits(tls=own) if is_tls else Habits(starttls=own)
        with post_office(habits) as office:
            assert not sent(mailer(office, away, is_tls=is_tls, trust=trust))
            assert not office.handed

    def test_a_server_that_hangs_after_starttls_is_cut(
        self, own: ssl.SSLContext, lenient: ssl.SSLContext, away: str
    ) -> None:
        with post_office(Habits(starttls=own, silent="MAIL")) as office:
            began = time.monotonic()
            assert not sent(mailer(office, away, trust=lenient, patience_s=SHORT_S))
            assert time.monotonic() - began < 10 * SHORT_S

    def test_tls_is_not_spoken_in_the_clear(self, trust: ssl.SSLContext) -> None:
        with post_office(Habits(login=LOGIN)) as office:
            by = mailer(office, is_tls=True, trust=trust, login=LOGIN, patience_s=SHORT_S)
            assert not sent(by)
            assert not office.handed
