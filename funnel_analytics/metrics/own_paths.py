"""What do models of attribution credit in own data, without a warehouse?"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from funnel_analytics.arguments import Wrong, is_number, shown
from funnel_analytics.credit.journeys import (
    LEAD_CREATED,
    OPPORTUNITY_CREATED,
    Journeys,
    journeys_from_paths,
    journeys_from_touches,
)
from funnel_analytics.credit.models import (
    DATA_DRIVEN,
    MODELS,
    Model,
    Settings,
    credit,
    given_models,
    model_name,
)
from funnel_analytics.credit.rules import Shares, table_of_shares
from funnel_analytics.errors import CallError, DataError, did_you_mean
from funnel_analytics.warehouse.event_log import EventLog, read_event_log

__all__ = ["credit_paths", "credit_touches"]

_PATH_MODELS = ("first", "last", "linear", "position_based", "markov", "shapley")
_TOUCH_MODELS = ("first", "last", "linear", "position_based", "time_decay", "markov", "shapley")
_PARTS = ("first", "lead_created", "opportunity_created", "last", "rest")
_MEMORY = re.compile(r"(?=[^A-Z]*[1-9])\d+(\.\d+)?\s*[KMGT]i?B", re.IGNORECASE)

_OF_WON = ("shapley", "shapley_ordered")
"""Data-driven models that journeys without conversion do not change."""


def credit_paths(
    paths: pd.DataFrame,
    *,
    model: Model | Sequence[Model] = _PATH_MODELS,
    path: str = "path",
    conversions: str = "conversions",
    value: str | None = None,
    nulls: str | None = None,
    separator: str = ">",
    direct: Collection[str] = (),
    first_share: float = 0.4,
    last_share: float = 0.4,
    own: Mapping[str, Mapping[str, float]] | None = None,
    seed: int = 1,
) -> pd.DataFrame:
    """Which channels does each model credit, given paths and how often each was taken?

    Parameters
    ----------
    paths
        One row per path or per journey; equal paths in several rows add up.
    model
        Names as for `attribute`, functions of one's own, or several of them. Paths tell of no time
        and of no milestone, so that `time_decay`, `w_shaped` and `full_path` need touches.
    path, conversions, value, nulls
        The columns of the path (`"search > email"`, or a list of names), of its conversions, of
        their value together, and of journeys like it without conversion. Without `nulls`, a row
        without conversions is one journey without.
    direct
        The channels that are direct traffic, for `last_non_direct`.
    first_share, last_share
        Of `position_based`.
    own
        Tables of own weights by name, such as `{"ours": {"first": 0.5, "last": 0.3, "rest": 0.2}}`.
    seed
        Of the permutations of `shapley_rate` with more than 20 channels; nothing else is drawn.

    Returns
    -------
    DataFrame
        One row per model and channel, most conversions first: `model`, `channel`, `conversions`,
        `value` (without a column of values: missing), `share` of all conversions (missing if there
        are none), `standard_error` of the conversions (missing where nothing was drawn).
        `attrs["values_without_conversion"]` counts rows with a value but without a conversion: it
        belongs to nothing and is not credited.

    Raises
    ------
    CallError
        No such column or model, or paths do not tell what the model needs.
    DataError
        Paths or numbers are missing or impossible.

    Notes
    -----
    Credit is a rule for sharing: no effect of a channel was measured.

    >>> import pandas as pd
    >>> table = pd.DataFrame({"path": ["search > email", "email"], "conversions": [3, 1]})
    >>> credit_paths(table, model="linear")[["channel", "conversions", "share"]]
      channel  conversions  share
    0   email          2.5  0.625
    1  search          1.5  0.375
    """
    wrong = Wrong()
    wrong.unless_kind("paths", paths, (pd.DataFrame,), "a table with one row per path, a DataFrame")
    columns = {"path": path, "conversions": conversions, "value": value, "nulls": nulls}
    for name, column in columns.items():
        wrong.unless_column(name, column, is_needed=name in ("path", "conversions"))
    wrong.unless_text("separator", separator, "the text between the names of a path, such as '>'")
    settings = _settings(
        first_share=first_share, last_share=last_share, own=own, seed=seed, half_life_days=7.0,
        wrong=wrong,
    )  # fmt: skip
    models = _models(model, settings, direct, wrong)
    journeys = journeys_from_paths(
        paths, path=path, conversions=conversions, values=value, nulls=nulls, separator=separator
    )
    if len(direct):
        journeys = replace(journeys, is_direct=_is_direct(journeys, direct))
    table = pd.concat(
        [_rows(journeys, each, settings, has_value=value is not None) for each in models],
        ignore_index=True,
    )
    if value is not None:
        gifts = (pd.to_numeric(paths[conversions]) == 0) & (pd.to_numeric(paths[value]) != 0)
        table.attrs["values_without_conversion"] = int(gifts.sum())
    return table


def credit_touches(
    touches: pd.DataFrame | Path | str,
    *,
    model: Model | Sequence[Model] = _TOUCH_MODELS,
    table: str = "touches",
    journey: str = "journey",
    touched_at: str = "touched_at",
    channel: str = "channel",
    conversions: str = "conversions",
    value: str | None = None,
    lead_created: str | None = None,
    opportunity_created: str | None = None,
    touch_id: str | None = None,
    missing_channel: str = "(unknown)",
    direct: Collection[str] = (),
    first_share: float = 0.4,
    last_share: float = 0.4,
    half_life_days: float = 7.0,
    own: Mapping[str, Mapping[str, float]] | None = None,
    seed: int = 1,
    memory_limit: str = "2GB",
) -> pd.DataFrame:
    """Which channels does each model credit, given a log of touches?

    Parameters
    ----------
    touches
        One row per touch, in any order: a table, or a Parquet, CSV or DuckDB file. Touches that
        are kept in order are credited in half the time.
    model
        Names as for `attribute`, functions of one's own, or several of them.
    table
        Where the touches are in a DuckDB file.
    journey, touched_at, channel
        The columns of what names a journey (a person, a lead), of the time (UTC unless it states
        its zone) and the channel.
    conversions, value
        The columns that say how many conversions came right after a touch (or whether one did), and
        what they are worth together. A conversion ends a journey: later touches of the same person
        begin the next.
    lead_created, opportunity_created
        The columns that say whether a touch created the lead or the opportunity, for `w_shaped`,
        `full_path` and own weights.
    touch_id
        The column that orders touches of one instant. Without it, those that converted are last,
        and the others stand in the order of their channels' names, a missing one last.
    missing_channel
        The name under which touches without a channel are credited.
    direct, first_share, last_share, own, seed
        As for `credit_paths`.
    half_life_days
        Of `time_decay`, which counts from the last touch of a journey.
    memory_limit
        What the engine may take before it puts touches into a temporary folder.

    Returns
    -------
    DataFrame
        As for `credit_paths`.

    Raises
    ------
    CallError
        No such file, table, column or model, or the log does not tell what the model needs.
    DataError
        The file cannot be read, or touches lack a journey or a time, or have impossible numbers.

    Notes
    -----
    Credit is a rule for sharing: no effect of a channel was measured.
    """
    wrong = Wrong()
    kinds = (pd.DataFrame, str, Path)
    wrong.unless_kind(
        "touches", touches, kinds, "a table, or the path of a Parquet, CSV or DuckDB file"
    )
    wrong.unless_text("table", table, "the name of a table")
    wrong.unless_text("missing_channel", missing_channel, "the name of missing channels")
    if not _MEMORY.fullmatch(str(memory_limit).strip()):
        wrong.say(f"memory_limit is a size such as '512MB' or '2GB', not {shown(memory_limit)}.")
    columns = {
        "journey": journey,
        "touched_at": touched_at,
        "channel": channel,
        "conversions": conversions,
        "value": value,
        "lead_created": lead_created,
        "opportunity_created": opportunity_created,
        "touch_id": touch_id,
    }
    for name, column in columns.items():
        needed = name in ("journey", "touched_at", "channel", "conversions")
        wrong.unless_column(name, column, is_needed=needed)
    settings = _settings(
        first_share=first_share, last_share=last_share, own=own, seed=seed,
        half_life_days=half_life_days, wrong=wrong,
    )  # fmt: skip
    models = _models(model, settings, direct, wrong)
    log = read_event_log(
        touches,
        {name: column for name, column in columns.items() if column is not None},
        table=table,
        memory_limit=memory_limit,
    )
    if missing_channel in log.channels:
        raise CallError(f"There is a channel '{missing_channel}'; name missing ones differently.")
    everything = journeys_from_touches(
        [missing_channel if each is None else each for each in log.channels],
        log.codes,
        is_first=log.is_first,
        is_converted=log.is_converted,
        conversions=log.conversions,
        values=log.values,
    )
    told: dict[bool, Journeys] = {}

    def journeys_for(each: Model) -> Journeys:
        """All of them, without ages, for what is fitted; the converting ones for what shares."""
        if isinstance(each, str) and each in DATA_DRIVEN and each not in _OF_WON:
            return everything
        only_won = isinstance(each, str)
        if only_won not in told:
            told[only_won] = _told(log, everything, direct, only_won=only_won)
        return told[only_won]

    credited = pd.concat(
        [_rows(journeys_for(each), each, settings, has_value=value is not None) for each in models],
        ignore_index=True,
    )
    credited.attrs["values_without_conversion"] = log.values_without_conversion
    return credited


def _told(
    log: EventLog, everything: Journeys, direct: Collection[str], *, only_won: bool
) -> Journeys:
    """Journeys with what the log tells of their touches."""
    mask = everything.conversions > 0 if only_won else np.ones(len(everything), dtype=bool)
    journeys = everything.only(mask)
    touches = everything.touches_of(mask)
    days = log.days(touches)
    ends = np.repeat(days[journeys.starts[1:] - 1], journeys.lengths)
    milestones = None
    if log.created is not None:
        created = log.created[touches]
        milestones = np.where(created & 2, LEAD_CREATED, 0) | np.where(
            created & 1, OPPORTUNITY_CREATED, 0
        )
    return replace(
        journeys,
        ages=ends - days,
        milestones=None if milestones is None else milestones.astype(np.uint8),
        is_direct=_is_direct(journeys, direct) if len(direct) else None,
    )


def _is_direct(journeys: Journeys, direct: Collection[str]) -> Any:
    """(touches,) Is the touch's channel among those named?

    Raises
    ------
    CallError
        No touch has such a channel.
    """
    names = {direct} if isinstance(direct, str) else set(direct)
    for name in sorted(names - set(journeys.keys)):
        raise CallError(f"No touch has the channel '{name}'.{did_you_mean(name, journeys.keys)}")
    return np.array([key in names for key in journeys.keys], dtype=bool)[journeys.codes]


def _settings(
    *,
    first_share: float,
    last_share: float,
    half_life_days: float,
    own: Mapping[str, Mapping[str, float]] | None,
    seed: int,
    wrong: Wrong,
) -> Settings:
    """What models leave open; what cannot be is added to what is `wrong`."""
    wrong.unless_share("first_share", first_share)
    wrong.unless_share("last_share", last_share)
    shares = (first_share, last_share)
    if all(is_number(each) and each <= 1 for each in shares) and sum(shares) > 1 + 1e-9:
        wrong.say(
            f"first_share {first_share:g} and last_share {last_share:g} are more than 1 together."
        )
    wrong.unless_positive("half_life_days", half_life_days, "days")
    wrong.unless_whole("seed", seed, least=0)
    given: Any = {} if own is None else own
    wrong.unless_kind("own", given, (Mapping,), "tables of weights by the names of their models")
    pairs = given.items() if isinstance(given, Mapping) else ()
    tables = {name: _own_table(name, shares, wrong) for name, shares in pairs}
    if wrong:
        return Settings(own={str(name): Shares(first=1.0) for name in tables})
    return Settings(
        first_share=float(first_share),
        last_share=float(last_share),
        half_life_days=float(half_life_days),
        own={name: table_of_shares(**shares) for name, shares in tables.items()},
        seed=int(seed),
    )


def _own_table(name: Any, shares: Any, wrong: Wrong) -> dict[str, float]:
    """An own table of weights, after adding what is wrong with it."""
    wrong.unless_text("The name of a table in own", name)
    if name in MODELS:
        wrong.say(f"'{name}' is a model already; choose another name for the table.")
    if not isinstance(shares, Mapping):
        wrong.say(
            f"own: '{name}' has weights by part, such as {{'first': 1}}: not {shown(shares)}."
        )
        return {}
    for part, share in shares.items():
        if part not in _PARTS:
            wrong.say(
                f"{name}: there is no part '{part}'.{did_you_mean(str(part), _PARTS)} "
                f"The parts are: {', '.join(_PARTS)}."
            )
        if not (is_number(share) and 0 <= share < math.inf):
            wrong.say(f"{name}: the weight of '{part}' is a number from 0 on, not {shown(share)}.")
    if not any(is_number(share) and share for share in shares.values()):
        wrong.say(f"{name}: a weight has to be above 0, or nobody would be credited.")
    return dict(shares)


def _models(
    model: Model | Sequence[Model], settings: Settings, direct: Any, wrong: Wrong
) -> tuple[Model, ...]:
    """The models that are asked for, after refusing all that is wrong with a call."""
    if not isinstance(direct, str):
        wrong.unless_texts("direct", direct, "channels")
    models = given_models(model, (*MODELS, *settings.own), wrong)
    wrong.refuse()
    return models


def _rows(journeys: Journeys, model: Model, settings: Settings, *, has_value: bool) -> pd.DataFrame:
    """One row per channel."""
    credited = credit(journeys, model, settings)
    total = float(journeys.conversions.sum())
    keys = len(journeys.keys)
    if abs(credited.conversions.sum() - total) > 1e-9 * max(total, 1.0):
        raise DataError(
            f"{model_name(model)} credits {credited.conversions.sum():.9g} conversions of "
            f"{total:.9g}: the numbers are too far apart to be added up."
        )
    error = credited.standard_error
    table = pd.DataFrame(
        {
            "model": credited.model,
            "channel": list(journeys.keys),
            "conversions": credited.conversions,
            "value": credited.values if has_value else np.nan,
            "share": credited.conversions / total if total else np.nan,
            "standard_error": np.full(keys, np.nan) if error is None else error,
        }
    )
    return table.sort_values(["conversions", "channel"], ascending=[False, True], ignore_index=True)
