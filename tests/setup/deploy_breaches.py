"""The rules of each file of `deploy/`, and for each rule a breach of it that has to be named."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from gatepost.settings import read_settings
from tests.setup import deploy_rules as rules
from tests.setup.deploy_files import DEPLOY, VERSION, documents

DOCKERFILE, UNIT = DEPLOY / "Dockerfile", DEPLOY / "gatepost.service"
COMPOSE, RENDERED = DEPLOY / "compose.yaml", DEPLOY / "helm/rendered.yaml"
NGINX, CADDY = DEPLOY / "nginx.conf", DEPLOY / "Caddyfile"
Rule = Callable[[str], Iterator[str]]


class Breach(NamedTuple):
    """What is changed in a file, and what is then said of it."""

    file: Path
    old: str
    new: str
    named: str


def drains_on_systemd() -> int:
    """How long the server of the example settings drains."""
    return read_settings({}, DEPLOY / "gatepost.toml").drain_seconds


def drains_on_compose() -> int:
    """How long a node behind nginx drains."""
    (whole,) = documents(COMPOSE.read_text())
    return int(whole["services"]["node-1"]["environment"]["GATEPOST_DRAIN_SECONDS"])


RULES: dict[Path, Rule] = {
    DOCKERFILE: rules.dockerfile,
    UNIT: lambda text: rules.unit(text, drains_on_systemd()),
    COMPOSE: rules.compose,
    RENDERED: rules.manifests,
    NGINX: lambda text: rules.nginx(text, drains_on_compose()),
    CADDY: rules.caddy,
}
_INSTALL = "install --require-hashes --only-binary :all:"
BREACHES = (
    Breach(DOCKERFILE, "3.11.16-slim-bookworm", "slim", "an image is not pinned"),
    Breach(DOCKERFILE, _INSTALL, "install", "installs without hashes"),
    Breach(DOCKERFILE, "USER 10001:10001", "USER root", "its own user"),
    Breach(DOCKERFILE, "PYTHONUNBUFFERED=1", "GATEPOST_DATABASE_URL=x", "a setting or a secret"),
    Breach(DOCKERFILE, "COPY src src", "COPY . .", "what was not named"),
    Breach(DOCKERFILE, "/health/ready", "/health/live", "its health"),
    Breach(DOCKERFILE, "EXPOSE 8080", "EXPOSE 80", "ports differ"),
    Breach(DOCKERFILE, f'image.version="{VERSION}"', 'image.version="0.0"', "another version"),
    Breach(DOCKERFILE, "STOPSIGNAL SIGTERM", "STOPSIGNAL SIGKILL", "does not stop in order"),
    Breach(DOCKERFILE, "VOLUME /var/lib/gatepost", "VOLUME /data", "its data"),
    Breach(DOCKERFILE, "FROM ${PYTHON}\n", "FROM debian\n", "two stages"),
    Breach(UNIT, "LimitCORE=0", "LimitCORE=infinity", "LimitCORE is"),
    Breach(UNIT, "NoNewPrivileges=yes\n", "", "NoNewPrivileges is"),
    Breach(UNIT, "ProtectSystem=strict", "ProtectSystem=full", "ProtectSystem is"),
    Breach(UNIT, "BoundingSet=\n", "BoundingSet=CAP_SYS_ADMIN\n", "CapabilityBoundingSet is"),
    Breach(UNIT, "User=gatepost", "User=root", "User is"),
    Breach(UNIT, "~@privileged", "~@clock", "SystemCallFilter is"),
    Breach(UNIT, "LoadCredential=", "#LoadCredential=", "as a credential"),
    Breach(UNIT, "install -m 0400 %d", "install -m 0440 %d", "read by others"),
    Breach(UNIT, "--host 127.0.0.1", "--host 0.0.0.0", "listens elsewhere"),
    Breach(UNIT, "TimeoutStopSec=20", "TimeoutStopSec=9", "killed before"),
    Breach(COMPOSE, "postgres:17.11-bookworm", "postgres:latest", "postgres: is not pinned"),
    Breach(COMPOSE, "read_only: true", "read_only: false", "node-1: may write"),
    Breach(COMPOSE, "cap_drop: [ALL]", "cap_add: [ALL]", "what root can"),
    Breach(COMPOSE, 'user: "101:101"', 'user: "0:0"', "nginx: runs as root"),
    Breach(COMPOSE, "ulimits: {core: 0}", "ulimits: {core: 1}", "core dumps"),
    Breach(COMPOSE, '"no-new-privileges:true"', '"no-new-privileges:false"', "gain rights"),
    Breach(COMPOSE, "stop_grace_period: 20s", "stop_grace_period: 10s", "killed before"),
    Breach(COMPOSE, "service_completed_successfully", "service_started", "wait for the schema"),
    Breach(COMPOSE, "node-2: {condition: service_healthy}", "node-2: {}", "node-2: is asked"),
    Breach(COMPOSE, "PROXIES: 172.30.77.10", "PROXIES: 172.30.77.0/24", "node-1: believes"),
    Breach(COMPOSE, '--port, "8080"', '--port, "80"', "node-1: ports differ"),
    Breach(COMPOSE, f"gatepost:{VERSION}", "gatepost:0.0.0", "node-1: is of another version"),
    Breach(COMPOSE, "internal: true", "internal: false", "postgres: reaches out"),
    Breach(COMPOSE, "pg_isready", "true", "postgres: is not looked after"),
    Breach(COMPOSE, "_PASSWORD_FILE: /run", "_PASSWORD: /run", "in the environment"),
    Breach(RENDERED, "runAsNonRoot: true", "runAsNonRoot: false", "runs as root"),
    Breach(RENDERED, "OnlyRootFilesystem: true", "OnlyRootFilesystem: false", "may write"),
    Breach(RENDERED, "drop: [ALL]", "drop: []", "what root can"),
    Breach(RENDERED, "Escalation: false", "Escalation: true", "may gain"),
    Breach(RENDERED, "type: RuntimeDefault", "type: Unconfined", "any system call"),
    Breach(RENDERED, "AccountToken: false", "AccountToken: true", "token of the cluster"),
    Breach(RENDERED, "ServiceLinks: false", "ServiceLinks: true", "settings that are none"),
    Breach(RENDERED, f"gatepost:{VERSION}", "gatepost:latest", "is not pinned"),
    Breach(RENDERED, "replicas: 2", "replicas: 1", "one pod is all"),
    Breach(RENDERED, "kind: PodDisruptionBudget", "kind: ConfigMap", "all pods may be taken"),
    Breach(RENDERED, "maxUnavailable: 0", "maxUnavailable: 1", "taken away before"),
    Breach(RENDERED, "path: /health/live", "path: /", "whether it lives"),
    Breach(RENDERED, "path: /health/ready", "path: /", "whether it is ready"),
    Breach(RENDERED, "GracePeriodSeconds: 25", "GracePeriodSeconds: 5", "killed before"),
    Breach(RENDERED, "containerPort: 8080", "containerPort: 80", "ports differ"),
    Breach(RENDERED, "kind: Service\n", "kind: Secret\n", "a secret is in the chart"),
    Breach(NGINX, "For $remote_addr", "For $proxy_add_x_forwarded_for", "what callers say"),
    Breach(NGINX, "buffers 2 16k", "buffers 8 16k", "other heads"),
    Breach(NGINX, "header_timeout 10s", "header_timeout 60s", "for a head"),
    Breach(NGINX, "client_body_timeout 12s", "client_body_timeout 60s", "for a body"),
    Breach(NGINX, "client_max_body_size 300k", "client_max_body_size 0", "other bodies"),
    Breach(NGINX, "keepalive_timeout 5s", "keepalive_timeout 60s", "keeps connections"),
    Breach(NGINX, "node-2:8080", "node-2:80", "at another port"),
    Breach(NGINX, "limit_conn gatepost_callers 50;", "", "limit connections"),
    Breach(NGINX, "TLSv1.2 TLSv1.3", "TLSv1 TLSv1.2", "old TLS"),
    Breach(NGINX, "on;\n    ssl_protocols TLSv1.2 TLSv1.3;", "on;", "old TLS"),
    Breach(NGINX, "ssl_reject_handshake on;", "", "other names"),
    Breach(NGINX, "tickets off", "tickets on", "hands out tickets"),
    Breach(NGINX, "location ~* ^/identity", "location ~ ^/identity", "by the case"),
    Breach(CADDY, "{remote_host}", "{header.X-Forwarded-For}", "X-Forwarded-For"),
    Breach(CADDY, "read_body 12s", "read_body 12m", "does not say read_body"),
    Breach(CADDY, "\ttimeouts {", "\ttrusted_proxies static 0.0.0.0/0\n\ttimeouts {", "believes"),
)
