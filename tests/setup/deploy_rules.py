"""What must hold for each way to deploy, as functions of a file's text: a line for each breach."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gatepost.cli.guard import HEAD_SECONDS
from gatepost.web.wire import BODY_TIMEOUT_S, MAX_HEADER_BYTES
from tests.setup.deploy_files import (
    PORT,
    USER,
    VERSION,
    directives,
    documents,
    of_kind,
    pods,
    seconds,
    steps,
)

STOPPING_S = 10
"""How much longer than it drains a process is given to stop."""

_PINNED = re.compile(r"[\w./-]+:\d+\.\d+(\.\d+)?(-[a-z]+)*\Z")
_NEVER_IN_AN_IMAGE = re.compile(r"PASSWORD|SECRET|TOKEN|_KEY|GATEPOST_", re.IGNORECASE)
_UNIT = {
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "PrivateUsers": "yes",
    "CapabilityBoundingSet": "",
    "AmbientCapabilities": "",
    "LimitCORE": "0",
    "UMask": "0077",
    "MemoryDenyWriteExecute": "yes",
    "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
    "RestrictNamespaces": "yes",
    "RestrictSUIDSGID": "yes",
    "LockPersonality": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectKernelModules": "yes",
    "ProtectControlGroups": "yes",
    "SystemCallArchitectures": "native",
    "StateDirectory": "gatepost",
    "StateDirectoryMode": "0700",
    "RuntimeDirectoryMode": "0700",
    "KillSignal": "SIGTERM",
    "User": "gatepost",
}


def dockerfile(text: str) -> Iterator[str]:
    """An image is pinned, installs by hashes, runs as nobody special, and holds no secret."""
    found = steps(text)
    rest = {word: [step.rest for step in found if step.word == word] for word, _ in found}
    check = " ".join(rest.get("HEALTHCHECK", []))
    yield from _breaches(
        {
            "an image is not pinned": not all(
                _PINNED.match(each.partition("=")[2]) for each in rest["ARG"]
            ),
            "there are not two stages of the pinned image": rest["FROM"]
            != ["${PYTHON} AS build", "${PYTHON}"],
            "installs without hashes": any(map(_is_loose, " && ".join(rest["RUN"]).split("&&"))),
            "does not run as its own user": rest["USER"] != [f"{USER}:{USER}"],
            "holds a setting or a secret": any(
                _NEVER_IN_AN_IMAGE.search(each) for each in rest["ENV"] + rest["ARG"]
            ),
            "takes in what was not named": "ADD" in rest
            or any(each.split()[0] in {".", "./"} for each in rest["COPY"]),
            "its health is not asked of /health/ready": "'/health/ready'" not in check
            or f" {PORT}," not in check,
            "ports differ": rest["EXPOSE"] != [str(PORT)] or f'"{PORT}"' not in rest["CMD"][0],
            "is of another version": f'version="{VERSION}"' not in rest["LABEL"][0],
            "its data are elsewhere": rest["VOLUME"] != ["/var/lib/gatepost"],
            "does not stop in order": rest["STOPSIGNAL"] != ["SIGTERM"],
        }
    )


def unit(text: str, drain: int) -> Iterator[str]:
    """A service can do nothing but serve."""
    found = directives(text)
    calls = " ".join(found.get("SystemCallFilter", []))
    key = "master.key:/etc/gatepost/master.key"
    copies = " ".join(found.get("ExecStartPre", []))
    yield from (
        f"{name} is {found.get(name)}"
        for name, value in _UNIT.items()
        if found.get(name) != [value]
    )
    yield from _breaches(
        {
            f"SystemCallFilter is {calls}": not calls.startswith("@system-service ~@privileged"),
            "the master key is not handed over as a credential": found.get("LoadCredential")
            != [key],
            "the copy of the master key can be read by others": "-m 0400 %d/" not in copies,
            "listens elsewhere than the proxy asks": f"--host 127.0.0.1 --port {PORT} "
            not in found["ExecStart"][0],
            "is killed before it has stopped": seconds(found["TimeoutStopSec"][0])
            < drain + STOPPING_S,
        }
    )


def compose(text: str) -> Iterator[str]:
    """Containers that are pinned, guarded, healthy before others depend on them."""
    (whole,) = documents(text)
    services = whole["services"]
    for name, each in services.items():
        yield from (f"{name}: {breach}" for breach in _breaches(_unguarded(each)))
    for name in ("node-1", "node-2"):
        yield from (f"{name}: {breach}" for breach in _breaches(_node(name, services)))
    yield from _breaches(
        {
            "postgres: is not looked after": "pg_isready"
            not in services["postgres"]["healthcheck"]["test"],
            "postgres: reaches out": whole["networks"]["store"].get("internal") is not True,
            "a secret is in the environment": "PASSWORD:" in text or "postgresql://" in text,
        }
    )


def manifests(text: str) -> Iterator[str]:
    """Pods that may do nothing, say how they are, and are not all taken away at once."""
    for name, pod in pods(text):
        yield from (f"{name}: {breach}" for breach in _pod(pod))
    (server,) = of_kind(text, "Deployment")
    spec = server["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    given = {each["name"]: each.get("value") for each in container["env"]}
    drain = int(given["GATEPOST_DRAIN_SECONDS"] or 0)
    ports = [each["containerPort"] for each in container["ports"]]
    rolling = server["spec"]["strategy"]["rollingUpdate"]
    yield from _breaches(
        {
            "one pod is all there is": server["spec"]["replicas"] < 2,
            "all pods may be taken away": not of_kind(text, "PodDisruptionBudget"),
            "a pod is taken away before the next is ready": rolling["maxUnavailable"] != 0,
            "is not asked whether it lives": not _asks(container, "liveness", "/health/live"),
            "is not asked whether it is ready": not _asks(container, "readiness", "/health/ready"),
            "is killed before it has stopped": spec["terminationGracePeriodSeconds"]
            < drain + STOPPING_S,
            "ports differ": ports != [PORT] or str(PORT) not in container["args"],
            "the address of the store is in the open": given["GATEPOST_DATABASE_URL"] is not None,
            "a secret is in the chart": bool(of_kind(text, "Secret")),
        }
    )


def nginx(text: str, drain: int) -> Iterator[str]:
    """A proxy that says truly who calls, and is no laxer than Gatepost."""
    blocks = re.findall(r"^server \{.*?^\}", text, re.MULTILINE | re.DOTALL)
    secure = [_said(block) for block in blocks if "listen 443" in block]
    before = _said(text.partition("limit_conn_zone")[0])
    forwarded = re.findall(r"proxy_set_header X-Forwarded-For (\S+);", text)
    nodes = re.findall(r"^\s*server (\S+) max_fails", text, re.MULTILINE)
    limited = "location ~* ^/identity/connect/ {\n        limit_req zone=gatepost_connect"
    # The first server that listens is asked for these before it is known which one is meant.
    whole_head = f"2 {MAX_HEADER_BYTES // 2048}k"
    for each in secure:
        yield from _breaches(
            {
                "takes other heads than Gatepost": each.get("large_client_header_buffers")
                != whole_head,
                "waits too long for a head": each.get("client_header_timeout")
                != f"{HEAD_SECONDS}s",
                "takes old TLS": each.get("ssl_protocols") != "TLSv1.2 TLSv1.3",
                "hands out tickets": each.get("ssl_session_tickets") != "off",
            }
        )
    yield from _breaches(
        {
            "has no server for other names": secure[0].get("ssl_reject_handshake") != "on",
            "waits too long for a body": secure[1]["client_body_timeout"] != f"{BODY_TIMEOUT_S}s",
            "takes other bodies than it should": secure[1]["client_max_body_size"] != "300k",
            "passes on what callers say of themselves": forwarded != ["$remote_addr"],
            "keeps connections for longer than a node drains": seconds(before["keepalive_timeout"])
            >= drain,
            "asks at another port": not nodes or any(not n.endswith(f":{PORT}") for n in nodes),
            "does not limit connections": "limit_conn gatepost_callers" not in text,
            "limits requests by the case of their letters": limited not in text,
        }
    )


def caddy(text: str) -> Iterator[str]:
    """The same for Caddy."""
    wanted = (
        "header_up X-Forwarded-For {remote_host}\n",
        f"max_header_size {MAX_HEADER_BYTES // 1024}KiB",
        f"read_header {HEAD_SECONDS}s",
        f"read_body {BODY_TIMEOUT_S}s",
        "max_size 300KiB",
        "health_uri /health/ready",
        f"node-1:{PORT} node-2:{PORT}",
    )
    yield from (f"does not say {each}" for each in wanted if each not in text)
    yield from _breaches({"believes others": "trusted_proxies" in text})


def _said(block: str) -> dict[str, str]:
    """The directives of a block of nginx that take one line."""
    return dict(re.findall(r"^\s*([a-z0-9_]+)\s+([^;{]*);", block, re.MULTILINE))


def _breaches(found: Mapping[str, bool]) -> Iterator[str]:
    """Those that are there."""
    return (what for what, is_there in found.items() if is_there)


def _is_loose(command: str) -> bool:
    """Whether a command installs what no hash is known of."""
    return "pip install" in command and not {"--require-hashes", "--no-index"} & {*command.split()}


def _unguarded(service: Mapping[str, Any]) -> dict[str, bool]:
    return {
        f"is not pinned: {service['image']}": not _PINNED.match(service["image"]),
        "may write": service.get("read_only") is not True,
        "may do what root can": service.get("cap_drop") != ["ALL"] or "cap_add" in service,
        "may gain rights": service.get("security_opt") != ["no-new-privileges:true"],
        "runs as root": service.get("user", "0").partition(":")[0] in {"0", "root"},
        "writes core dumps": service.get("ulimits") != {"core": 0},
    }


def _node(name: str, services: Mapping[str, Any]) -> dict[str, bool]:
    node, nginx = services[name], services["nginx"]
    given, command = node["environment"], node["command"]
    waits = {"migrate": {"condition": "service_completed_successfully"}}
    drain = int(given["GATEPOST_DRAIN_SECONDS"])
    proxy = nginx["networks"]["front"]["ipv4_address"]
    return {
        "is another user": node["user"] != f"{USER}:{USER}",
        "is of another version": node["image"] != f"gatepost:{VERSION}",
        "ports differ": command[command.index("--port") + 1] != str(PORT),
        "is killed before it has stopped": seconds(node["stop_grace_period"]) < drain + STOPPING_S,
        "does not wait for the schema": node["depends_on"] != waits,
        "is asked before it is ready": nginx["depends_on"][name]
        != {"condition": "service_healthy"},
        "believes others": given["GATEPOST_TRUSTED_PROXIES"] != proxy,
    }


def _asks(container: Mapping[str, Any], what: str, path: str) -> bool:
    probe: dict[str, Any] = container.get(f"{what}Probe", {})
    return probe.get("httpGet") == {"path": path, "port": "http"}


def _pod(pod: Mapping[str, Any]) -> Iterator[str]:
    whole = pod["securityContext"]
    yield from _breaches(
        {
            "runs as root": whole.get("runAsNonRoot") is not True or whole.get("runAsUser") != USER,
            "may make any system call": whole.get("seccompProfile") != {"type": "RuntimeDefault"},
            "holds a token of the cluster": pod.get("automountServiceAccountToken") is not False,
            "is told settings that are none": pod.get("enableServiceLinks") is not False,
        }
    )
    for each in [*pod.get("initContainers", []), *pod["containers"]]:
        yield from (f"{each['name']} {breach}" for breach in _breaches(_container(each)))


def _container(container: Mapping[str, Any]) -> dict[str, bool]:
    context, image = container["securityContext"], container["image"]
    return {
        "may write": context.get("readOnlyRootFilesystem") is not True,
        "may gain rights": context.get("allowPrivilegeEscalation") is not False,
        "may do what root can": context.get("capabilities") != {"drop": ["ALL"]},
        f"is not pinned: {image}": not re.search(r":\d+\.\d+\.\d+\Z|@sha256:", image),
    }
