"""Touches as numbers that sort as the touches do."""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnel_analytics.warehouse.connection import Connection
from funnel_analytics.warehouse.queries import statement

__all__ = ["Digits", "packed_touches"]

_BITS = 63
_CREATED_BITS = 2
_BLOCK = 2**16
_VECTORS = 128  # of 2048 touches: what the engine gives at once


class Digits(NamedTuple):
    """How a touch becomes one number: journey, time, conversion, channel and what it created.

    Everything has so many bits that numbers sort as touches do.
    """

    first_journey: int
    first_us: int
    unit_us: int
    channel_bits: int
    time_bits: int

    @property
    def converted_bit(self) -> int:
        """Above the two bits of what a touch created and those of its channel."""
        return _CREATED_BITS + self.channel_bits

    @property
    def journey_bit(self) -> int:
        """Above all others."""
        return self.converted_bit + 1 + self.time_bits

    def of(self, rows: pd.DataFrame) -> NDArray[np.int64]:
        """(touches,) Touches as numbers; what is below a unit of time is cut off."""
        numbers = rows["touched_us"].to_numpy() - self.first_us
        if self.unit_us > 1:
            numbers //= self.unit_us
        journeys = rows["journey_no"].to_numpy() - self.first_journey
        journeys <<= self.time_bits
        numbers |= journeys
        numbers <<= 1
        numbers |= rows["is_converted"].to_numpy()
        numbers <<= self.channel_bits
        numbers |= rows["code"].to_numpy()
        numbers <<= _CREATED_BITS
        if "created" in rows:
            numbers |= rows["created"].to_numpy()
        return numbers

    @classmethod
    def that_fit(
        cls,
        *,
        channels: int,
        journeys: tuple[int, int],
        times_us: tuple[int, int],
        unit_us: int,
    ) -> Self | None:
        """The digits of touches between these numbers of journeys and times; None if too many."""
        first_us, last_us = times_us
        low, high = journeys
        digits = cls(
            low,
            first_us,
            unit_us,
            channel_bits=max(channels - 1, 0).bit_length(),
            time_bits=((last_us - first_us) // unit_us).bit_length(),
        )
        return digits if digits.journey_bit + (high - low).bit_length() <= _BITS else None

    def is_exact(self, rows: pd.DataFrame, numbers: NDArray[np.int64]) -> bool:
        """Is nothing cut off the times of these touches?"""
        if self.unit_us == 1:
            return True
        times = self.units(numbers)
        times *= self.unit_us
        times += self.first_us
        return bool((times == rows["touched_us"].to_numpy()).all())

    def units(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """(touches,) The times in numbers, in units from the first on."""
        units = numbers >> (self.converted_bit + 1)
        units &= (1 << self.time_bits) - 1
        return units

    def take_apart(
        self,
        numbers: NDArray[np.int64],
        *,
        is_first: NDArray[np.bool_],
        is_converted: NDArray[np.bool_],
        codes: NDArray[Any],
        created: NDArray[np.uint8] | None,
    ) -> None:
        """Fill arrays with what numbers in order tell, in blocks that stay in the cache."""
        before = -1
        for at in range(0, len(numbers), _BLOCK):
            block = slice(at, at + _BLOCK)
            given = numbers[block]
            journeys = given >> self.journey_bit
            is_first[block][:1] = journeys[0] != before
            np.not_equal(journeys[1:], journeys[:-1], out=is_first[block][1:])
            before = journeys[-1]
            if created is not None:
                created[block] = given & ((1 << _CREATED_BITS) - 1)
            low = (given >> _CREATED_BITS).astype(np.uint32)
            codes[block] = low & ((1 << self.channel_bits) - 1)
            low >>= self.channel_bits
            is_converted[block] = low & 1


def packed_touches(
    connection: Connection, touches: int, digits: Digits, *, has_created: bool
) -> NDArray[np.int64] | None:
    """(touches,) All touches as numbers, in order; None if a time is not of whole units.

    Those that come in order, as from a table that is kept so, are not sorted again.
    """
    numbers = np.empty(touches, dtype=np.int64)
    found = connection.execute(statement("touches/rows", has_created=has_created))
    filled = wrong = 0
    while len(rows := found.fetch_df_chunk(_VECTORS)):
        block = digits.of(rows)
        if not digits.is_exact(rows, block):
            found.abort()
            return None
        numbers[filled : filled + len(block)] = block
        before = numbers[max(filled - 1, 0) : filled + len(block)]
        wrong += int(np.count_nonzero(before[1:] <= before[:-1]))
        filled += len(block)
    if wrong:  # runs in order are only merged
        numbers.sort(kind="stable" if wrong * 50 < touches else None)
    return numbers
