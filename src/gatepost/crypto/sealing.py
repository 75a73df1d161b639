"""The master key, and what is kept under it: digests, seals and encrypted private keys.

One key of 32 bytes lives in a file outside the store (security.md D-02). Each purpose gets a key
of its own by HKDF-SHA256. What is stored begins with a key id, so that keys can be rotated.
"""

import base64
import hashlib
import os
import stat
from pathlib import Path
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gatepost.model.events import Head
from gatepost.model.text import quoted
from gatepost.ports import Dice, Kind

Purpose = Literal["secret-hmac", "key-wrap", "journal", "key-check", "one-time", "proof"]

KEY_SIZE = 32
_BLOCK = 64  # of SHA-256, which the derived keys of 32 octets fill up with zeros
KEY_ID = b"\x01"
NONCE_SIZE = 12

_OWNER_ONLY = 0o600
_OTHERS = 0o077
_MAX_FILE = 1024
_SHOWN = 300


class KeyFileFault(Exception):
    """The master key cannot be read or made; one line with the mend."""


class SealBroken(Exception):
    """What was sealed cannot be opened: altered, moved to another place, or of another key."""


class MasterKey:
    """The one key from which all others come."""

    __slots__ = ("_octets",)

    def __init__(self, octets: bytes) -> None:
        if len(octets) != KEY_SIZE:
            raise ValueError(f"a master key has {KEY_SIZE} bytes")
        self._octets = octets

    def __repr__(self) -> str:
        return "***"

    def __reduce__(self) -> str:
        raise TypeError("a master key is not copied into other formats")

    def derive(self, purpose: Purpose) -> bytes:
        """The key for one purpose; no derived key tells anything of another."""
        info = b"gatepost 1 " + purpose.encode()
        return HKDF(SHA256(), KEY_SIZE, salt=None, info=info).derive(self._octets)


def load_master_key(path: Path) -> MasterKey:
    """Read the key; a file that others than the owner may touch is refused (D-24)."""
    shown = quoted(str(path), limit=_SHOWN)
    handle = _opened(path, shown)
    try:
        mode = os.fstat(handle).st_mode
        if not stat.S_ISREG(mode):
            raise KeyFileFault(
                f"The master key {shown} is not a file. Name a file in GATEPOST_MASTER_KEY_FILE."
            )
        if mode & _OTHERS:
            raise KeyFileFault(
                f"The master key {shown} is open to other users (mode {stat.S_IMODE(mode):o}). "
                f"Take their rights away: chmod 600 {shown}"
            )
        return MasterKey(_key_in(os.read(handle, _MAX_FILE), shown))
    finally:
        os.close(handle)


def create_master_key(path: Path, random32: bytes) -> MasterKey:
    """Write a new key to a file that must not be there yet; it is there whole or not at all."""
    master = MasterKey(random32)
    shown = quoted(str(path), limit=_SHOWN)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    handle = _made(draft, shown)
    try:
        _write(handle, base64.urlsafe_b64encode(random32).rstrip(b"=") + b"\n")
        os.link(draft, path)
        _keep_name(path.parent)
    except FileExistsError:
        raise KeyFileFault(_there_already(shown)) from None
    except OSError as problem:
        raise KeyFileFault(_not_written(shown, problem)) from None
    finally:
        draft.unlink(missing_ok=True)
    return master


def check_value(master: MasterKey) -> bytes:
    """What the store keeps to tell a wrong master key at the start."""
    return KEY_ID + master.derive("key-check")


class KeyedSecrets:
    """`ports.Secrets` under keys from the master key: the store alone cannot test a guess."""

    def __init__(self, master: MasterKey, dice: Dice) -> None:
        self._pepper = _Mac(master.derive("secret-hmac"))
        self._journal = _Mac(master.derive("journal"))
        self._one_time = _Mac(master.derive("one-time"))
        self._proof = _Mac(master.derive("proof"))
        self._sealer = Sealer(master, dice)

    def digest(self, secret: str) -> bytes:
        """Secrets have 256 random bits, so a fast keyed hash is enough (D-01)."""
        # surrogatepass: whatever text a caller presents has a digest, and only one
        return KEY_ID + self._pepper(b"client-secret\0" + _utf8(secret))

    def digest_of(self, kind: Kind, value: str) -> bytes:
        """The kind stands before the value, so that no code passes for one of another kind."""
        return KEY_ID + self._one_time(kind.encode() + b"\0" + _utf8(value))

    def proof(self, *parts: str) -> str:
        """Base64url of a keyed code over the parts."""
        code = self._proof(_framed(*(_utf8(part) for part in parts)))
        return base64.urlsafe_b64encode(code).rstrip(b"=").decode()

    def seal(self, place: str, plain: str) -> bytes:
        """Text sealed for one place."""
        return self._sealer.seal(_utf8(plain), b"text " + _utf8(place))

    def unseal(self, place: str, sealed: bytes) -> str | None:
        """The text, or None when the seal is broken or of another place."""
        try:
            return self._sealer.open(sealed, b"text " + _utf8(place)).decode()
        except SealBroken:
            return None

    def seal_head(self, tenant_id: str, head: Head) -> bytes:
        """Each part stands behind its length, so that no two heads read alike."""
        parts = (_utf8(tenant_id), head.seq.to_bytes(8, "big"), head.hash)
        return KEY_ID + self._journal(b"journal-head\0" + _framed(*parts))


class Sealer:
    """AES-256-GCM under the key-wrap key. What is sealed opens only at the place it was made for.

    A seal is a key id, a random nonce, and the ciphertext with its tag.
    """

    def __init__(self, master: MasterKey, dice: Dice) -> None:
        self._cipher = AESGCM(master.derive("key-wrap"))
        self._dice = dice

    def seal(self, plain: bytes, associated: bytes) -> bytes:
        """Encrypt; `associated` names the place and is needed again to open."""
        nonce = base64.urlsafe_b64decode(self._dice.token(NONCE_SIZE))
        return KEY_ID + nonce + self._cipher.encrypt(nonce, plain, KEY_ID + associated)

    def open(self, sealed: bytes, associated: bytes) -> bytes:
        """Decrypt, or raise SealBroken."""
        key_id, nonce, ciphertext = sealed[:1], sealed[1 : 1 + NONCE_SIZE], sealed[1 + NONCE_SIZE :]
        if key_id != KEY_ID or len(nonce) != NONCE_SIZE:
            raise SealBroken("This was not sealed by Gatepost, or by a newer one.")
        try:
            return self._cipher.decrypt(nonce, ciphertext, KEY_ID + associated)
        except InvalidTag:
            raise SealBroken("The seal does not match the master key and the place.") from None


def _opened(path: Path, shown: str) -> int:
    try:
        # not to wait for a writer when the path names a pipe
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise KeyFileFault(
            f"There is no master key at {shown}. Restore it from its backup, or name the right "
            "file in GATEPOST_MASTER_KEY_FILE."
        ) from None
    except (OSError, ValueError) as problem:
        raise KeyFileFault(
            f"The master key {shown} cannot be opened ({_reason(problem)}). Give it to the user "
            "that runs Gatepost, with mode 600."
        ) from None


def _made(path: Path, shown: str) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return os.open(path, flags, _OWNER_ONLY)
    except (OSError, ValueError) as problem:
        raise KeyFileFault(_not_written(shown, problem)) from None


def _there_already(shown: str) -> str:
    return (
        f"There is a master key at {shown} already. Keep it: what the store holds can be read "
        "with it only."
    )


def _key_in(content: bytes, shown: str) -> bytes:
    text = content.removesuffix(b"\n")
    try:
        key = base64.urlsafe_b64decode(text + b"=")
    except ValueError:
        key = b""
    if len(key) != KEY_SIZE or base64.urlsafe_b64encode(key).rstrip(b"=") != text:
        raise KeyFileFault(
            f"The file {shown} holds no master key (43 characters of base64url for 32 bytes). "
            "Restore it from its backup."
        )
    return key


def _write(handle: int, content: bytes) -> None:
    with os.fdopen(handle, "wb") as file:
        os.fchmod(handle, _OWNER_ONLY)
        file.write(content)
        file.flush()
        os.fsync(handle)


def _keep_name(folder: Path) -> None:
    # a file survives a power cut only when its folder was written too
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _not_written(shown: str, problem: Exception) -> str:
    return (
        f"The master key {shown} cannot be written ({_reason(problem)}). Let the user that runs "
        "Gatepost write in its folder."
    )


def _reason(problem: Exception) -> str:
    return str(problem.strerror if isinstance(problem, OSError) else problem)


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _framed(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)


class _Mac:
    """HMAC-SHA-256 (RFC 2104) under one key, whose two halves are prepared once.

    The library's own call sets both up each time, which costs more than the hashing itself.
    """

    def __init__(self, key: bytes) -> None:
        padded = key.ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(bytes(octet ^ 0x36 for octet in padded))
        self._outer = hashlib.sha256(bytes(octet ^ 0x5C for octet in padded))

    def __call__(self, message: bytes) -> bytes:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(message)
        outer.update(inner.digest())
        return outer.digest()
