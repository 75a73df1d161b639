"""What a search meets: the beginnings of words of a name, or the beginning of an id.

A store keeps the entries of each client, and finds those that begin with something in order.
"""

import unicodedata
from typing import NamedTuple

from gatepost.model.text import fold

_LONGEST = 200
_MOST_WORDS = 8
_LAST = "\U0010ffff"  # stands for no character, and in no entry


class Search(NamedTuple):
    """What is looked for: words, none of which begins another, and what an id may begin with.

    A search without words meets everything.
    """

    words: tuple[str, ...]
    id_start: str


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text as they are compared, each once: runs of letters, digits and marks.

    A text of other signs alone falls apart at its spaces, so that it can be looked for too.
    """
    folded = fold(text)[:_LONGEST].replace(_LAST, " ")
    spaced = "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in folded)
    return tuple(dict.fromkeys(spaced.split() or folded.split()))


def search_for(text: str) -> Search:
    """What a text that somebody typed looks for; of very many words only the first count."""
    words, whole = words_of(text), fold(text)[:_LONGEST]
    telling = [word for word in words if sum(other.startswith(word) for other in words) == 1]
    return Search(tuple(telling[:_MOST_WORDS]), "" if " " in whole else whole)


def meets(search: Search, name: str, id_: str) -> bool:
    """Whether each word begins a word of the name, or the id begins with the whole search."""
    if search.id_start and id_.lower().startswith(search.id_start):
        return True
    own = words_of(name)
    return all(any(word.startswith(start) for word in own) for start in search.words)


def entries_of(name: str, id_: str) -> tuple[str, ...]:
    """What a client is found by: the words of its name, and its id as `id_entry` has it."""
    return (*words_of(name), id_entry(id_))


def id_entry(id_: str) -> str:
    """An id among entries: behind a space, which no word has."""
    return f" {id_.lower()}"


def spelled(words: tuple[str, ...]) -> str:
    """Words as one text: what has a space and then a start in it has a word that begins so."""
    return "".join(f" {word}" for word in words)


def past(start: str) -> str:
    """A text that comes, by code points, behind all entries that begin with this one."""
    return start + _LAST
