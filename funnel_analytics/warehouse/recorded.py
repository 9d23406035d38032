"""Of which days do the data tell, and what of a question lies outside of them?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from funnel_analytics.results import Note

__all__ = ["Recorded"]

_ABOUT_LEADS = ("cohort", "before", "after")
_ASKED = (*_ABOUT_LEADS, "period")


@dataclass(frozen=True)
class Recorded:
    """The days that the data tell of, in the agreement's zone; missing where they tell of nothing.

    `first_lead_on` is that of the first lead that counts, `first_on` that of the first such lead,
    entry or won deal, `last_on` that of the last record of any kind. `empty_months` is how many
    calendar months begin after it and were over by the as-of date.
    """

    first_lead_on: date | None
    first_on: date | None
    last_on: date | None
    empty_months: int

    def notes(self, asked: Mapping[str, Any]) -> list[Note]:
        """What a result has to say where it was asked for days without data.

        Parameters
        ----------
        asked
            The parameters of the result. A period counts if it begins before the first month of
            the data; in its first month the data may well begin on any day.

        Returns
        -------
        list of Note
            `data_begin` for each such period (`is_whole`: none of it has data), and `data_end`
            where months without a record lie before the as-of date. Nothing for a result that is
            about no days at all.
        """
        spans = [each for each in _ASKED if f"{each}_start" in asked]
        notes = [note for each in spans for note in self._before(each, asked)]
        if spans and self.last_on is not None and self.empty_months:
            last = {"last_on": self.last_on.isoformat(), "months": self.empty_months}
            notes.append(Note("data_end", last))
        return notes

    def _before(self, kind: str, asked: Mapping[str, Any]) -> list[Note]:
        first = self.first_lead_on if kind in _ABOUT_LEADS else self.first_on
        if first is None or asked[f"{kind}_start"] >= first.replace(day=1):
            return []
        values = {
            "period": asked[kind],
            "first_on": first.isoformat(),
            "is_whole": asked[f"{kind}_end"] <= first,
        }
        return [Note("data_begin", values)]
