import ipaddress
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.model.mail import MailServer
from gatepost.model.setting_values import Listen
from gatepost.model.text import refused_character
from gatepost.settings import (
    Settings,
    SettingsFault,
    process_environment,
    read_settings,
    safe_database_url,
)

POSTGRES = "postgresql://gate:pa55word@db.example:5432/gatepost"
KEY_FILE = {"GATEPOST_MASTER_KEY_FILE": "/etc/gatepost/master.key"}


def read(**environ: str) -> Settings:
    return read_settings({f"GATEPOST_{name.upper()}": text for name, text in environ.items()}, None)


def lines_of(environ: dict[str, str], config: Path | None = None) -> tuple[str, ...]:
    with pytest.raises(SettingsFault) as caught:
        read_settings(environ, config)
    assert str(caught.value).split("\n") == list(caught.value.lines)
    return caught.value.lines


def fault_of(name: str, text: str) -> str:
    (line,) = lines_of({f"GATEPOST_{name.upper()}": text})
    assert line.startswith(f"GATEPOST_{name.upper()} is ")
    assert line.endswith(".")
    return line


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


class TestSources:
    def test_nothing_given_is_the_defaults(self) -> None:
        assert read_settings({"PATH": "/bin", "HOME": "/"}, None) == Settings()

    def test_the_defaults_are_the_promised_ones(self) -> None:
        assert Settings() == Settings(
            database_url="sqlite:///./data/gatepost.db",
            public_url=None,
            master_key_file=None,
            workers=1,
            signing_algorithm="RS256",
            rsa_key_bits=2048,
            trusted_proxies=(),
            theme="aveva",
            log_format="text",
            refresh_token_lifetime=28_800,
            consent="remember",
            strict_client_reads=False,
            null_members="include",
            smtp_url=None,
            mail_from=None,
            metrics_listen=None,
        )

    def test_everything_from_the_environment(self) -> None:
        settings = read(
            database_url=POSTGRES,
            public_url="https://id.example.com/",
            master_key_file="/etc/gatepost/master.key",
            workers="2",
            signing_algorithm="ES256",
            rsa_key_bits="3072",
            trusted_proxies="10.0.0.7, 10.1.0.0/16,::1",
            theme="ocs",
            log_format="json",
            refresh_token_lifetime="8h",
            consent="always",
            strict_client_reads="true",
            null_members="omit",
            smtp_url="smtps://gate:pa55word@mail.example.com",
            mail_from="gatepost@example.com",
            metrics_listen="127.0.0.1:9100",
        )
        assert settings == WHOLE

    @pytest.mark.parametrize("quoted_values", [True, False])
    def test_everything_from_a_file(self, tmp_path: Path, quoted_values: bool) -> None:
        text = f"""
            database_url = "{POSTGRES}"
            public_url = "https://id.example.com"
            master_key_file = "/etc/gatepost/master.key"
            workers = 2
            signing_algorithm = "ES256"
            rsa_key_bits = 3072
            trusted_proxies = ["10.0.0.7", "10.1.0.0/16", "::1"]
            theme = "ocs"
            log_format = "json"
            refresh_token_lifetime = 28800
            consent = "always"
            strict_client_reads = true
            null_members = "omit"
            smtp_url = "smtps://gate:pa55word@mail.example.com"
            mail_from = "gatepost@example.com"
            metrics_listen = "127.0.0.1:9100"
        """
        if quoted_values:
            for native in ("2", "3072", "28800", "true"):
                text = text.replace(f"= {native}\n", f'= "{native}"\n')
        assert read_settings({}, written(tmp_path / "gatepost.toml", text)) == WHOLE

    def test_the_environment_wins_over_the_file(self, tmp_path: Path) -> None:
        config = written(tmp_path / "gatepost.toml", "workers = 2\ntheme = 'ocs'\n")
        settings = read_settings({"GATEPOST_WORKERS": "3"}, config)
        assert (settings.workers, settings.theme) == (3, "ocs")

    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("GATEPOST_WORKER", "Did you mean GATEPOST_WORKERS?"),
            ("GATEPOST_workers", "Did you mean GATEPOST_WORKERS?"),
            ("GATEPOST_DATABSE_URL", "Did you mean GATEPOST_DATABASE_URL?"),
            ("GATEPOST_XYZZY", "Remove it; there are GATEPOST_DATABASE_URL, "),
            ("GATEPOST_", "Remove it"),
        ],
    )
    def test_unknown_variables_are_refused_by_name(self, name: str, words: str) -> None:
        (line,) = lines_of({name: "geheim"})
        assert line.startswith(f"{name} in the environment is not a setting. {words}")
        assert "geheim" not in line

    def test_unknown_keys_of_a_file_are_refused_by_name(self, tmp_path: Path) -> None:
        config = written(tmp_path / "gatepost.toml", "WORKERS = 2\n[database]\nurl = 'geheim'\n")
        one, other = lines_of({}, config)
        assert one.startswith('WORKERS in "')
        assert one.endswith("Did you mean workers?")
        assert other.startswith('database in "')
        assert "geheim" not in one + other

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("workers = true", "wrong type. Write a whole number."),
            ("workers = 2.0", "wrong type"),
            ("workers = [2]", "wrong type"),
            ("workers = 1979-05-27", "wrong type"),
            ("strict_client_reads = 1", "wrong type. Write true or false."),
            ("theme = 1", "wrong type. Write it in quotes."),
            ("public_url = ['https://id.example.com']", "wrong type"),
            ("trusted_proxies = 10", "wrong type. Write a list."),
            ("trusted_proxies = [10, true]", "no list of addresses"),
            ("[workers]\nx = 1", "wrong type"),
            ("workers = ", "is not valid TOML"),
            ("workers = 1\nworkers = 2", "is not valid TOML"),
        ],
    )
    def test_a_file_with_a_fault(self, tmp_path: Path, text: str, words: str) -> None:
        (line,) = lines_of({}, written(tmp_path / "gatepost.toml", text))
        assert words in line
        assert "gatepost.toml" in line

    def test_a_file_that_cannot_be_read(self, tmp_path: Path) -> None:
        (line,) = lines_of({}, tmp_path / "absent.toml")
        assert "absent.toml" in line
        assert "No such file" in line
        (tmp_path / "latin.toml").write_bytes(b"theme = '\xe9'")
        assert "UTF-8" in lines_of({}, tmp_path / "latin.toml")[0]

    def test_all_faults_come_at_once(self, tmp_path: Path) -> None:
        config = written(tmp_path / "gatepost.toml", "theme = 'x'\nqqq = 1\n")
        lines = lines_of({"GATEPOST_WORKERS": "0", "GATEPOST_NONSENSE": "1"}, config)
        assert len(lines) == 4

    def test_the_process_has_an_environment(self) -> None:
        assert process_environment() == dict(os.environ)


WHOLE = Settings(
    database_url=POSTGRES,
    public_url="https://id.example.com",
    master_key_file=Path("/etc/gatepost/master.key"),
    workers=2,
    signing_algorithm="ES256",
    rsa_key_bits=3072,
    trusted_proxies=(
        ipaddress.ip_network("10.0.0.7/32"),
        ipaddress.ip_network("10.1.0.0/16"),
        ipaddress.ip_network("::1/128"),
    ),
    theme="ocs",
    log_format="json",
    consent="always",
    strict_client_reads=True,
    null_members="omit",
    smtp_url=MailServer("mail.example.com", 465, is_tls=True, user="gate", password="pa55word"),
    mail_from="gatepost@example.com",
    metrics_listen=Listen("127.0.0.1", 9100),
)


class TestValues:
    @pytest.mark.requirement("R-43", "D-18")
    @pytest.mark.parametrize(
        ("text", "url"),
        [
            ("https://id.example.com", "https://id.example.com"),
            ("https://id.example.com/", "https://id.example.com"),
            ("https://id.example.com:8443/", "https://id.example.com:8443"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
        ],
    )
    def test_public_url(self, text: str, url: str) -> None:
        assert read(public_url=text).public_url == url

    @pytest.mark.requirement("R-43", "D-18")
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "/",
            "id.example.com",
            "ftp://id.example.com",
            "https://",
            "https:///",
            "https://id.example.com//",
            "https://id.example.com/identity",
            "https://id.example.com?x=1",
            "https://id.example.com/?",
            "https://id.example.com#",
            "https://user@id.example.com",
            "https://user:geheim@id.example.com",
            "https://id.example.com\\@evil.example",
            "https://id.example.com:0",
            "https://id.example.com:99999",
            "https://ID.example.com",
            "https://id.exam ple.com",
            "https://*.example.com",
            "https://id.example.com\n",
            "HTTPS://id.example.com",
        ],
    )
    def test_public_url_that_is_no_base(self, text: str) -> None:
        assert "geheim" not in fault_of("public_url", text)

    @pytest.mark.requirement("R-43")
    @pytest.mark.parametrize(
        "text",
        [
            "http://id.example.com",
            "http://10.0.0.1",
            "http://localhost.evil.example",
            "http://0.0.0.0",
        ],
    )
    def test_public_url_without_encryption(self, text: str) -> None:
        assert "Use https" in fault_of("public_url", text)

    @pytest.mark.requirement("R-44", "D-18")
    def test_nobody_is_a_trusted_proxy_by_default(self) -> None:
        assert read().trusted_proxies == ()
        assert read(trusted_proxies=" ").trusted_proxies == ()

    @pytest.mark.requirement("R-44", "D-18")
    @pytest.mark.parametrize(
        "text",
        [
            "*",
            "proxy.example",
            "10.0.0.1/8",
            "10.0.0.0/33",
            "10.0.0.1,",
            ",",
            "10.0.0.1;10.0.0.2",
            "0.0.0.0/0",
            "::/0",
            "10.0.0.1 10.0.0.2",
            "010.0.0.1",
            "10.1",
        ],
    )
    def test_trusted_proxies_that_are_none(self, text: str) -> None:
        fault_of("trusted_proxies", text)

    @pytest.mark.parametrize(
        ("text", "seconds"),
        [
            ("28800", 28_800),
            ("8h", 28_800),
            ("30m", 1_800),
            ("90s", 90),
            ("60", 60),
            ("365d", 31_536_000),
        ],
    )
    def test_lifetime(self, text: str, seconds: int) -> None:
        assert read(refresh_token_lifetime=text).refresh_token_lifetime == seconds

    @pytest.mark.requirement("R-70")
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "0",
            "59",
            "-1",
            "8 h",
            "8H",
            "1h30m",
            "1.5h",
            "366d",
            "9" * 10,
            "\u0663\u0660m",
            "h",
            "60\n",
        ],
    )
    def test_lifetime_that_is_none(self, text: str) -> None:
        fault_of("refresh_token_lifetime", text)

    @pytest.mark.parametrize(
        "text", ["", "0", "65", "-1", "+1", "1.0", "two", "\u0662", "1 ", "9" * 5000]
    )
    def test_workers_that_are_none(self, text: str) -> None:
        assert "from 1 to 64" in fault_of("workers", text) or "\n" in text

    @pytest.mark.parametrize(
        ("name", "text", "listed"),
        [
            ("signing_algorithm", "HS256", "RS256, ES256, PS256"),
            ("signing_algorithm", "none", "RS256, ES256, PS256"),
            ("signing_algorithm", "rs256", "RS256, ES256, PS256"),
            ("rsa_key_bits", "1024", "2048, 3072, 4096"),
            ("theme", "", "aveva, ocs"),
            ("log_format", "xml", "text, json"),
            ("consent", "sometimes", "remember, always, never"),
            ("strict_client_reads", "yes", "true, false"),
            ("null_members", "drop", "include, omit"),
        ],
    )
    @pytest.mark.requirement("R-30")
    def test_a_word_that_is_none_of_the_list(self, name: str, text: str, listed: str) -> None:
        assert f'is "{text}", which is none of {listed}.' in fault_of(name, text)

    @pytest.mark.parametrize(
        ("text", "listen"),
        [
            ("127.0.0.1:9100", Listen("127.0.0.1", 9100)),
            ("[::1]:9100", Listen("::1", 9100)),
            ("localhost:1", Listen("localhost", 1)),
            ("0.0.0.0:65535", Listen("0.0.0.0", 65_535)),  # noqa: S104 (an example, nobody listens)
        ],
    )
    def test_metrics_listen(self, text: str, listen: Listen) -> None:
        assert read(metrics_listen=text).metrics_listen == listen

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "9100",
            ":9100",
            "localhost",
            "localhost:",
            "localhost:0",
            "localhost:65536",
            "::1:9100",
            "[::1]",
            "[::g]:1",
            "http://localhost:1",
            "a/b:1",
            "u@h:1",
            "localhost:1/",
            "h?:1",
            "1:2:3",
        ],
    )
    def test_metrics_listen_that_is_none(self, text: str) -> None:
        fault_of("metrics_listen", text)


class TestMail:
    SERVER = "smtp://gate:geheim@mail.example.com"

    def test_there_is_none_by_default(self) -> None:
        assert (read().smtp_url, read().mail_from) == (None, None)

    def test_one_without_the_other_is_refused(self) -> None:
        assert lines_of({"GATEPOST_SMTP_URL": self.SERVER}) == (
            "GATEPOST_SMTP_URL is set, and GATEPOST_MAIL_FROM is not. Set both, or neither.",
        )
        assert lines_of({"GATEPOST_MAIL_FROM": "gatepost@example.com"}) == (
            "GATEPOST_MAIL_FROM is set, and GATEPOST_SMTP_URL is not. Set both, or neither.",
        )

    @pytest.mark.requirement("R-76")
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "geheim",
            "mail.example.com:geheim",
            "smtp://gate:geheim",
            "smtp://gate:geheim@",
            "smtp://gate:ge@heim@h",
            "smtp://gate:ge heim@h",
            "smtp://gate:geheim@h/path",
            "smtp://gate:ge\nheim@h",
            "https://gate:geheim@h",
        ],
    )
    def test_an_address_that_is_refused_without_its_password(self, text: str) -> None:
        line = fault_of("smtp_url", text)
        assert line.startswith('GATEPOST_SMTP_URL is "***", which ')
        assert "geheim" not in line
        assert "ge heim" not in line

    @pytest.mark.requirement("R-76")
    @pytest.mark.parametrize(
        "text", ["", "gatepost", "Gatepost <gate@example.com>", "a@b, c@d", SERVER, "a@b@c"]
    )
    def test_a_sender_that_is_none(self, text: str) -> None:
        line = fault_of("mail_from", text)
        assert "is no plain mail address. Write for example gatepost@example.com." in line
        assert "geheim" not in line

    @pytest.mark.requirement("R-76")
    def test_no_repr_shows_the_password(self) -> None:
        settings = read(smtp_url=self.SERVER, mail_from="gatepost@example.com")
        for text in (repr(settings), str(settings), repr(settings.__rich_repr__())):
            assert "geheim" not in text
            assert "smtp://***@mail.example.com:587" in text


class TestDatabase:
    @pytest.mark.parametrize(
        "text", ["sqlite:///gatepost.db", "sqlite:////var/lib/gatepost.db", "sqlite:///../a b/x.db"]
    )
    def test_sqlite(self, text: str) -> None:
        assert read(database_url=text).database_url == text

    @pytest.mark.parametrize(
        "text",
        [
            POSTGRES,
            POSTGRES.replace("postgresql", "postgresql+psycopg"),
            "postgresql:///gatepost?host=/run/postgresql",
            "postgresql://[::1]:5432/gatepost",
        ],
    )
    def test_postgresql(self, text: str) -> None:
        assert read(database_url=text, master_key_file="/k").database_url == text

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "sqlite://",
            "sqlite:///",
            "sqlite:///.",
            "sqlite:///data/",
            "sqlite:///:memory:",
            "sqlite:///x.db?mode=ro",
            "sqlite+pysqlite:///x.db",
            "postgres://gate:geheim@db/gatepost",
            "postgresql+asyncpg://gate:geheim@db/gatepost",
            "postgresql://gate:geheim@db",
            "postgresql://gate:geheim@db/",
            "postgresql://gate:geheim@db:x/gatepost",
            "postgresql://gate:geheim@db:0/gatepost",
            "postgresql://gate:ge heim@db/gatepost",
            "postgresql://gate:geheim@[::1/gatepost",
            "mysql://gate:geheim@db/gatepost",
            "host=db password=geheim",
            "geheim",
            "geheim@db",
        ],
    )
    def test_an_address_that_is_refused_without_its_password(self, text: str) -> None:
        line = fault_of("database_url", text)
        assert "geheim" not in line
        assert "ge heim" not in line

    @pytest.mark.requirement("D-02")
    def test_the_master_key_stands_beside_the_sqlite_file(self) -> None:
        assert Settings().master_key_path() == Path("data/master.key")
        at_root = read(database_url="sqlite:////var/lib/gatepost/x.db")
        assert at_root.master_key_path() == Path("/var/lib/gatepost/master.key")
        assert read(database_url="sqlite:///x.db").master_key_path() == Path("master.key")
        named = read(master_key_file="/run/secrets/key")
        assert named.master_key_path() == Path("/run/secrets/key")

    @pytest.mark.requirement("D-02")
    def test_postgresql_needs_a_named_master_key(self) -> None:
        (line,) = lines_of({"GATEPOST_DATABASE_URL": POSTGRES})
        assert line.startswith("GATEPOST_MASTER_KEY_FILE is not set")
        with pytest.raises(SettingsFault, match="GATEPOST_MASTER_KEY_FILE"):
            Settings(database_url=POSTGRES).master_key_path()

    @pytest.mark.parametrize("text", ["", " ", "/etc/master\n.key", "/etc/\0", "/etc/\udce9"])
    def test_a_master_key_file_has_a_name(self, text: str) -> None:
        fault_of("master_key_file", text)

    @pytest.mark.requirement("R-76", "D-24")
    def test_no_repr_shows_the_password(self) -> None:
        settings = Settings(database_url=POSTGRES)
        shown = [repr(settings), str(settings), f"{settings}", repr(settings.__rich_repr__())]
        assert all("pa55word" not in text for text in shown)
        assert "postgresql://gate:***@db.example:5432/gatepost" in repr(settings)
        assert "workers=1" in repr(settings)

    @pytest.mark.requirement("R-76")
    @pytest.mark.parametrize(
        ("url", "shown"),
        [
            ("sqlite:///./data/gatepost.db", "sqlite:///./data/gatepost.db"),
            ("postgresql:///db", "postgresql:///db"),
            ("postgresql://gate@h/db", "postgresql://gate@h/db"),
            ("postgresql://gate:geheim@h:1/db", "postgresql://gate:***@h:1/db"),
            ("postgresql://:geheim@h/db", "postgresql://:***@h/db"),
            ("postgresql://gate:ge@heim@h/db", "postgresql://gate:***@h/db"),
            ("postgresql://gate:ge/heim@h/db", "postgresql://***"),
            ("postgresql://gate:ge?heim@h/db", "postgresql://***"),
            ("postgresql://gate:ge#heim@h/db", "postgresql://***"),
            ("postgresql://h/db?password=geheim", "postgresql://h/db?***"),
            ("postgresql://h/db?password=ge@heim", "postgresql://***"),
            ("postgresql://h?password=geheim", "postgresql://***"),
            ("gate:geheim@h", "***"),
        ],
    )
    def test_safe_database_url(self, url: str, shown: str) -> None:
        assert safe_database_url(url) == shown

    passwords = st.text("ab:@/?#%&=. ", max_size=12)

    @given(passwords, passwords)
    def test_no_password_is_ever_shown(self, before: str, after: str) -> None:
        url = f"postgresql://gate:{before}geheim{after}@db.example:5432/gatepost"
        assert "geheim" not in safe_database_url(url)
        options = f"postgresql://db.example/gatepost?password={before}geheim{after}"
        assert "geheim" not in safe_database_url(options)


@pytest.mark.requirement("R-77")
@given(
    st.sampled_from([name.upper() for name in Settings.__struct_fields__] + ["OTHER\nNAME"]),
    st.text(st.characters(), max_size=50),
)
def test_any_value_is_read_or_refused_in_one_line(name: str, text: str) -> None:
    lines: tuple[str, ...] = ()
    try:
        read_settings({**KEY_FILE, f"GATEPOST_{name}": text}, None)
    except SettingsFault as fault:
        lines = fault.lines
    assert len(lines) <= 1
    assert all(refused_character(line) is None for line in lines)
