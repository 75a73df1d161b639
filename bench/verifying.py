"""The bare rate of verified RS256 signatures: a process a core, each held to its core.

Whoever is asked about a token verifies it once, so this is what such an answer is compared with.
`python -m bench.verifying CORE` speaks as the processes of `signing` do.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from bench.signing import KEY_BITS, SIGNED_BYTES, Signers

NAME = "bare RS256 verification"
_AT_ONCE = 64


@contextmanager
def verifiers(cores: int = 2) -> Iterator[Signers]:
    """Start them and wait until they are ready."""
    free = sorted(os.sched_getaffinity(0))[:cores]
    with ExitStack() as stack:
        started = [stack.enter_context(_verifier(core)) for core in free]
        for process in started:
            assert process.stdout is not None
            process.stdout.readline()
        yield Signers(started)
        for process in started:
            process.communicate()


def main() -> None:
    """Verify for as many seconds as each line says."""
    os.sched_setaffinity(0, {int(sys.argv[1])})
    verify = _prepared()
    print("ready", flush=True)
    for line in sys.stdin:
        began, done = time.perf_counter(), 0
        while time.perf_counter() < began + float(line):
            for _ in range(_AT_ONCE):
                verify()
            done += _AT_ONCE
        print(done, time.perf_counter() - began, flush=True)


def _prepared() -> Callable[[], None]:
    key = rsa.generate_private_key(65537, KEY_BITS)
    pad, digest, message = padding.PKCS1v15(), SHA256(), bytes(SIGNED_BYTES)
    signature, public = key.sign(message, pad, digest), key.public_key()
    return lambda: public.verify(signature, message, pad, digest)


def _verifier(core: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "bench.verifying", str(core)],
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


if __name__ == "__main__":
    main()
