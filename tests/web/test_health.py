"""What watches over the server is told the truth, and strangers are told nothing of its work."""

from collections.abc import Callable

import pytest

from gatepost.model.errors import Code, Refused
from gatepost.model.events import Origin
from gatepost.web import site
from gatepost.web.health import MetricsDoor, Standing, Vital, is_of_this_machine
from gatepost.web.http import Call
from gatepost.web.site import ApiPaper, Site

PAPER = ApiPaper(dict, list)
TEXT = "gatepost_ready 1\n"


def call(path: str, address: str = "127.0.0.1", **headers: str) -> Call:
    """A GET from this address."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Call("GET", tuple(path.split("/")[1:]), b"", named, b"", Origin("0af7", address))


def told(of: Site, asked: Call) -> tuple[int, bytes]:
    """The status and the body of what the site has at hand."""
    endpoint = of.find(asked.method, asked.segments)
    assert endpoint.at_hand is not None, "it would wait for a thread"
    try:
        reply = endpoint.at_hand(asked)
    except Refused as refused:
        reply = endpoint.explain(refused, asked.origin)
    assert reply is not None
    return reply.status, reply.body


def site_of(
    standing: Standing = Standing.READY, metrics: Callable[[], str] | None = lambda: TEXT
) -> Site:
    """A site of a server that stands so."""
    return Site(PAPER, Vital(lambda: standing, metrics))


@pytest.mark.parametrize("standing", Standing)
def test_ready_says_how_the_server_stands_and_live_that_it_answers(standing: Standing) -> None:
    found = site_of(standing)
    expected = 200 if standing is Standing.READY else 503
    body = f'{{"status":"{standing.value}"}}'.encode()
    assert told(found, call("/health/ready")) == (expected, body)
    assert told(found, call("/health/live")) == (200, b'{"status":"live"}')


@pytest.mark.requirement("R-59")
@pytest.mark.parametrize(
    ("address", "headers", "may"),
    [
        ("127.0.0.1", {}, True),
        ("127.8.9.1", {}, True),
        ("::1", {}, True),
        ("::ffff:127.0.0.1", {}, True),
        ("10.0.0.1", {}, False),
        ("192.0.2.7", {}, False),
        ("::ffff:192.0.2.7", {}, False),
        ("2001:db8::1", {}, False),
        ("", {}, False),
        ("localhost", {}, False),
        ("127.0.0.1", {"x_forwarded_for": "127.0.0.1"}, False),
        ("127.0.0.1", {"forwarded": "for=127.0.0.1"}, False),
        ("127.0.0.1", {"via": "1.1 proxy"}, False),
        ("127.0.0.1", {"x_real_ip": "127.0.0.1"}, False),
        ("127.0.0.1", {"accept": "*/*"}, True),
    ],
)
def test_metrics_are_for_this_machine_alone(
    address: str, headers: dict[str, str], may: bool
) -> None:
    asked = call("/metrics", address, **headers)
    assert is_of_this_machine(asked) is may
    status, body = told(site_of(), asked)
    if may:
        assert (status, body) == (200, TEXT.encode())
    else:
        assert status == 404
        assert body == told_of_nothing(asked)


def told_of_nothing(asked: Call) -> bytes:
    """What is answered where there is no page at all."""
    endpoint = site_of().find("GET", ("nothing",))
    with pytest.raises(Refused) as refused:
        endpoint.handle(asked)
    return endpoint.explain(refused.value, asked.origin).body


def test_metrics_with_a_listener_of_their_own_are_nowhere_else() -> None:
    asked = call("/metrics")
    assert told(site_of(metrics=None), asked) == (404, told_of_nothing(asked))


def test_the_listener_for_metrics_has_one_page() -> None:
    door = MetricsDoor(lambda: TEXT, site.explain)
    for method in ("GET", "HEAD"):
        endpoint = door.find(method, ("metrics",))
        assert endpoint.at_hand is not None
        reply = endpoint.at_hand(call("/metrics", "192.0.2.7"))
        assert reply is not None
        assert (reply.status, reply.body, endpoint.route) == (200, TEXT.encode(), "/metrics")
        assert dict(reply.headers)["Content-Type"].startswith("text/plain; version=0.0.4")
    for method, segments in (("POST", ("metrics",)), ("GET", ()), ("GET", ("health", "ready"))):
        with pytest.raises(Refused) as refused:
            door.find(method, segments).handle(call("/"))
        assert refused.value.code is Code.ROUTE_NOT_FOUND


def test_an_encoded_slash_leads_nowhere() -> None:
    endpoint = site_of().find("GET", ("health/live",))
    assert endpoint.at_hand is None
    with pytest.raises(Refused):
        endpoint.handle(call("/health%2Flive"))
