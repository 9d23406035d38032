"""How an export is to be read: marks of numbers, forms of dates, spellings of nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from funnel_analytics.sources.proposing.mapping import TableFit
from funnel_analytics.sources.proposing.profiles import Profile
from funnel_analytics.sources.proposing.sampling import Sample
from funnel_analytics.sources.proposing.writing import Reading

__all__ = ["reading_of"]

_EPOCHS = {10: "epoch_s", 13: "epoch_ms", 16: "epoch_us"}


def reading_of(
    sample: Sample, pattern: str, fit: TableFit, profiles: Sequence[Profile]
) -> tuple[Reading, list[str]]:
    """How the file is to be read, and what only the analyst can say."""
    used = [match.profile for match in fit.matches.values()]
    reading = Reading(
        pattern,
        delimiter=sample.delimiter,
        encoding=sample.encoding,
        header_within=sample.header_within,
        missing=tuple(sorted({gap for each in used for gap in each.gaps})),
    )
    questions: list[str] = []
    reading = _with_numbers(reading, fit)
    if sample.has_text:
        doubtful = [each.header for each in used if each.is_ambiguous_date]
        if doubtful:
            headers = ", ".join(f"'{header}'" for header in doubtful)
            questions.append(
                f"{sample.name}: in {headers} the day and the month cannot be told apart; write "
                'date_format = "%d/%m/%Y" or "%m/%d/%Y", with the signs as in the file.'
            )
            reading = replace(reading, is_doubtful_date=True)
    forms = sorted({form for each in used for form in [_form_of(each, fit)] if form})
    return replace(reading, date_format=tuple(forms)), questions


def _with_numbers(reading: Reading, fit: TableFit) -> Reading:
    """The decimal mark, where the numbers prove it; else it is found at each load."""
    kinds = {column.name: column.kind for column in fit.table.columns}
    numbers = [
        (match.profile, kinds[name])
        for name, match in fit.matches.items()
        if kinds[name] in ("number", "integer")
    ]
    if not numbers:
        return reading
    commas = any("," in each.decimals for each, _ in numbers)
    points = any("." in each.decimals for each, _ in numbers)
    whole_groups = {mark for each, kind in numbers if kind == "integer" for mark in each.groups}
    if not commas and not points and len(whole_groups) == 1:
        commas, points = "." in whole_groups, "," in whole_groups
    if commas == points:
        return replace(reading, decimal="auto")
    groups = sorted(
        {mark for each, _ in numbers for mark in each.groups} - {"," if commas else "."}
    )
    return replace(
        reading,
        decimal="," if commas else ".",
        thousands=groups[0] if len(groups) == 1 else "",
    )


def _form_of(each: Profile, fit: TableFit) -> str:
    """A form of dates that has to be named: counts since 1970, and days without signs."""
    kinds = {
        fit.table.column(name).kind  # type: ignore[union-attr]
        for name, match in fit.matches.items()
        if match.profile is each
    }
    if not kinds & {"date", "timestamp"}:
        return ""
    if each.form == "epoch":
        return _EPOCHS.get(each.longest, "epoch_s")
    return "%Y%m%d" if each.shape == "9999…" and each.form == "date" else ""
