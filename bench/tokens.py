"""Tokens a second, beside the bare signatures a second of the same minute."""

import asyncio
import re
import shutil
import subprocess
import time
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from bench.served import Caller, Running, serving, token_form
from bench.stores import Filled

CONNECTIONS = 8
_SIGNED_BYTES = 600
_KEY_BITS = 2048
_PATH = "/identity/connect/token"
_SCRIPT = """wrk.method = "POST"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
wrk.body = "{form}"
"""


def measure(filled: Filled, rounds: int, seconds: int) -> dict[str, Any]:
    """One worker under a closed loop, in turn with one core that only signs."""
    load = _wrk if shutil.which("wrk") else _httpx
    signed, asked = [], []
    with serving(filled) as running:
        caller = Caller(running.port)
        caller.token(filled)
        caller.close()
        for _ in range(rounds):
            signed.append(_signatures(seconds / 2))
            asked.append(load(filled, running, seconds))
    return {
        "tool": load.__name__.strip("_"),
        "connections": CONNECTIONS,
        "tokens_per_second": median(asked),
        "signatures_per_second": median(signed),
        "share": median(a / s for a, s in zip(asked, signed, strict=True)),
    }


def _signatures(seconds: float) -> float:
    """RS256 signatures a second on one core, with nothing around them."""
    key = rsa.generate_private_key(65537, _KEY_BITS)
    pad, digest, message = padding.PKCS1v15(), SHA256(), bytes(_SIGNED_BYTES)
    began, done = time.perf_counter(), 0
    while time.perf_counter() < began + seconds:
        key.sign(message, pad, digest)
        done += 1
    return done / (time.perf_counter() - began)


def _wrk(filled: Filled, running: Running, seconds: int) -> float:
    script = filled.folder / "token.lua"
    _write(script, filled)
    done = subprocess.run(
        [
            "wrk",
            f"-c{CONNECTIONS}",
            "-t1",
            f"-d{seconds}s",
            "-s",
            script,
            running.url + _PATH,
        ],
        check=True,
        text=True,
        capture_output=True,
    )
    if "Non-2xx" in done.stdout:
        raise RuntimeError(f"some token requests failed: {done.stdout}")
    found = re.search(r"Requests/sec:\s+([0-9.]+)", done.stdout)
    return float(found[1]) if found else 0.0


def _write(script: Path, filled: Filled) -> None:
    script.touch(mode=0o600)
    script.write_text(_SCRIPT.format(form=token_form(filled)))


def _httpx(filled: Filled, running: Running, seconds: int) -> float:
    """Where wrk is missing. The client then takes more than the server, so the number is low."""
    return asyncio.run(_loops(filled, running, seconds))


async def _loops(filled: Filled, running: Running, seconds: int) -> float:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    form = token_form(filled)
    async with httpx.AsyncClient(base_url=running.url) as client:
        ends = time.perf_counter() + seconds

        async def loop() -> int:
            done = 0
            while time.perf_counter() < ends:
                answer = await client.post(_PATH, content=form, headers=headers)
                answer.raise_for_status()
                done += 1
            return done

        return sum(await asyncio.gather(*(loop() for _ in range(CONNECTIONS)))) / seconds
