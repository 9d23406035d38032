"""Export files: columns of text, written as a system would write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from funnel_analytics.samples.draws import Floats, Ints
from funnel_analytics.samples.wall_clock import Texts

_CHUNK = 200_000

Columns = Mapping[str, Texts]


def identifiers(prefix: str, count: int, *, width: int) -> Texts:
    """`L000001`, `L000002`, …; the last one is empty, for the position -1."""
    made = [f"{prefix}{number:0{width}d}" for number in range(1, count + 1)]
    return np.array([*made, ""], dtype=object)


def texts(values: Sequence[str]) -> Texts:
    """A list of texts to pick from."""
    return np.array(values, dtype=object)


def whole(numbers: Ints) -> Texts:
    """Plain whole numbers; empty below zero."""
    return np.array([str(number) if number >= 0 else "" for number in numbers.tolist()], object)


def german_number(numbers: Floats, *, decimals: int = 2) -> Texts:
    """`28.450,00`; empty where missing."""
    swap = str.maketrans(",.", ".,")
    spelled = [
        "" if number != number else f"{number:,.{decimals}f}".translate(swap)
        for number in numbers.tolist()
    ]
    return np.array(spelled, dtype=object)


def plain_number(numbers: Floats) -> Texts:
    """`28450.5` with two decimals at most; empty where missing."""
    spelled = ["" if number != number else f"{number:.2f}" for number in numbers.tolist()]
    return np.array(spelled, dtype=object)


def write_file(
    path: Path, columns: Columns, *, delimiter: str, repeated: Ints | None = None
) -> int:
    """Write a file with a header, some rows twice, and return its number of rows."""
    count = len(next(iter(columns.values())))
    rows = np.arange(count)
    if repeated is not None:
        rows = np.sort(np.concatenate([rows, repeated]))
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(delimiter.join(columns) + "\n")
        for start in range(0, len(rows), _CHUNK):
            chunk = rows[start : start + _CHUNK]
            lists = [column[chunk].tolist() for column in columns.values()]
            file.write("\n".join(map(delimiter.join, zip(*lists, strict=True))) + "\n")
    return len(rows)
