"""The bare rate of signatures: nothing but signing, a process a core, each held to its core.

What a token costs at least is its signature, so a server's speed is told as a share of this rate.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from bench.load import Shot

KEY_BITS = 2048
SIGNED_BYTES = 600
TWO_RS256 = "two RS256"
"""A sign-in is answered with two tokens: two signatures are one of these."""

_AT_ONCE = 16
"""So many between two looks at the clock."""


class Signers(NamedTuple):
    """Processes with a prepared key each, that sign when they are told to."""

    processes: Sequence[subprocess.Popen[str]]

    def shoot(self, seconds: float) -> Shot:
        """Sign for so long, all at once; the times are of one signing."""
        for process in self.processes:
            _line_to(process, f"{seconds}\n")
        told = [_line_of(process).split() for process in self.processes]
        done = sum(int(count) for count, _ in told)
        rate = sum(int(count) / float(taken) for count, taken in told)
        each_ms = 1000 * len(self.processes) / rate
        return Shot(done, rate, each_ms, each_ms, 0)


@contextmanager
def signers(way: str, cores: int = 2) -> Iterator[Signers]:
    """Start them and wait until their keys are made."""
    free = sorted(os.sched_getaffinity(0))[:cores]
    with ExitStack() as stack:
        started = [stack.enter_context(_signer(way, core)) for core in free]
        for process in started:
            _line_of(process)
        yield Signers(started)
        for process in started:
            process.communicate()


def main() -> None:
    """One process of them: `python -m bench.signing WAY CORE`, then seconds, a line each."""
    way, core = sys.argv[1:]
    os.sched_setaffinity(0, {int(core)})
    sign = WAYS[way]()
    print("ready", flush=True)
    for line in sys.stdin:
        print(*_signed(sign, float(line)), flush=True)


def _signed(sign: Callable[[], object], seconds: float) -> tuple[int, float]:
    began, done = time.perf_counter(), 0
    while time.perf_counter() < began + seconds:
        for _ in range(_AT_ONCE):
            sign()
        done += _AT_ONCE
    return done, time.perf_counter() - began


def _rs256() -> Callable[[], object]:
    key = rsa.generate_private_key(65537, KEY_BITS)
    pad, digest, message = padding.PKCS1v15(), SHA256(), bytes(SIGNED_BYTES)
    return lambda: key.sign(message, pad, digest)


def _two_rs256() -> Callable[[], object]:
    key = rsa.generate_private_key(65537, KEY_BITS)
    pad, digest, message = padding.PKCS1v15(), SHA256(), bytes(SIGNED_BYTES)
    return lambda: (key.sign(message, pad, digest), key.sign(message, pad, digest))


def _es256() -> Callable[[], object]:
    key = ec.generate_private_key(ec.SECP256R1())
    way, message = ec.ECDSA(SHA256()), bytes(SIGNED_BYTES)
    return lambda: key.sign(message, way)


WAYS: Mapping[str, Callable[[], Callable[[], object]]] = {
    "RS256": _rs256,
    "ES256": _es256,
    TWO_RS256: _two_rs256,
}


def _signer(way: str, core: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "bench.signing", way, str(core)],
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def _line_to(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(line)
    process.stdin.flush()


def _line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


if __name__ == "__main__":
    main()
