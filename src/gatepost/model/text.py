"""Text that people and programs send: which characters may stand in it, and when two are alike.

Security.md R-69: no NUL, control, bidirectional override or lone surrogate anywhere.
"""

import unicodedata

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Two names and an address of a person stand in one entry of an index, and PostgreSQL takes 2704.
# Two hundred letters of any script have no more; only signs that stand for many others do.
MAX_FOLDED = 800
_REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})


def refused_character(text: str) -> str | None:
    """The first character that may not be stored, as `U+XXXX`, or None when all may."""
    for character in text:
        if character in _BIDI or unicodedata.category(character) in _REFUSED_CATEGORIES:
            return f"U+{ord(character):04X}"
    return None


def fold(text: str) -> str:
    """The form in which names are compared: NFKC, case folded, runs of space as one.

    What cannot be seen (category Cf) does not tell two names apart.
    """
    normal = unicodedata.normalize("NFKC", text).casefold()
    return " ".join("".join(c for c in normal if unicodedata.category(c) != "Cf").split())


def folded_fault(text: str) -> str | None:
    """What is wrong with a name that would fill the index of the store that compares names."""
    octets = len(fold(text).encode())
    if octets <= MAX_FOLDED:
        return None
    return f"has {octets} octets when it is compared with others, and may have {MAX_FOLDED}"


def quoted(value: object, limit: int = 80) -> str:
    """A caller's value fit to stand in a sentence: cut, and with odd characters escaped."""
    text = value if isinstance(value, str) else repr(value)
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return '"' + "".join(_visible(c) for c in cut) + '"'


def _visible(character: str) -> str:
    return character if refused_character(character) is None else f"\\u{ord(character):04x}"
