"""Which journeys have equal paths: their codes are packed into words and compared as numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Ints", "equal_paths", "starts_of"]

Ints = NDArray[np.integer[Any]]

_WORD = 64


def starts_of(lengths: ArrayLike) -> Ints:
    """Where journeys of these lengths begin, and where the last one ends."""
    sizes = np.asarray(lengths, dtype=np.int64)
    starts = np.zeros(len(sizes) + 1, dtype=np.int64)
    np.cumsum(sizes, out=starts[1:])
    return starts


def equal_paths(codes: Ints, starts: Ints, keys: int) -> tuple[Ints, Ints]:
    """Numbers of the paths of journeys, the same for equal ones, in the order of their first.

    Parameters
    ----------
    codes, starts, keys
        The codes of all touches, where each journey's begin (and the last end), and how many
        codes there can be.

    Returns
    -------
    numbers, firsts
        (journeys,) the number of each one's path, and (paths,) the first journey with each path.
    """
    bits = max(1, keys.bit_length())
    lengths = np.diff(starts)
    words = -(-lengths // (_WORD // bits))
    begins = starts_of(words)
    packed = _packed(codes, starts, bits, begins)
    numbers, firsts = _grouped(packed[begins[:-1]])
    longer = np.flatnonzero(words > 1)
    if not len(longer):
        return numbers, firsts
    for word in range(1, int(words.max())):
        longer = longer[words[longer] > word]
        seen, _ = _grouped(packed[begins[longer] + word])
        pairs, _ = _grouped(numbers[longer] * (seen.max() + 1) + seen)
        numbers[longer] = numbers.max() + 1 + pairs
    return _grouped(numbers)


def _packed(codes: Ints, starts: Ints, bits: int, begins: Ints) -> NDArray[np.uint64]:
    """The codes of each journey side by side in as few words of 64 bits as hold them."""
    if not len(codes):
        return np.zeros(0, dtype=np.uint64)
    words, per_word = np.diff(begins), _WORD // bits
    of_word = starts[:-1]
    if begins[-1] > len(words):
        of_word = np.repeat(of_word - begins[:-1] * per_word, words)
        of_word = of_word + np.arange(begins[-1]) * per_word
    shifts = np.arange(len(codes), dtype=np.int64)
    shifts -= np.repeat(of_word, np.diff(np.append(of_word, len(codes))))
    shifts *= bits
    placed = codes.astype(np.uint64)
    placed += np.uint64(1)  # a word that is not full holds zeros
    placed <<= shifts.view(np.uint64)
    return np.asarray(np.add.reduceat(placed, of_word))


def _grouped(values: NDArray[Any]) -> tuple[Ints, Ints]:
    """Numbers of equal values, in the order of their first, and where those stand."""
    if not len(values):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    order = np.argsort(values)
    ordered = values[order]
    begins = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    firsts = np.minimum.reduceat(order, begins)
    by_first = np.argsort(firsts)
    ranks = np.empty_like(by_first)
    ranks[by_first] = np.arange(len(by_first))
    numbers = np.empty(len(values), dtype=np.int64)
    numbers[order] = np.repeat(ranks, np.diff(np.append(begins, len(values))))
    return numbers, firsts[by_first]
