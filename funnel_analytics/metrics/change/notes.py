"""What is to be known beside the parts of a change."""

from __future__ import annotations

import pandas as pd

from funnel_analytics.agreement import Agreement
from funnel_analytics.metrics.change.cohorts import Cohorts
from funnel_analytics.metrics.change.measures import Measure
from funnel_analytics.results import Note
from funnel_analytics.segments import Selection, excluded_leads, folded_note, snapshot_entries
from funnel_analytics.warehouse import Answer, Warehouse

__all__ = ["beside", "folded", "unlike", "unvalued"]


def beside(
    warehouse: Warehouse, sides: tuple[Selection, Selection]
) -> tuple[list[Answer], list[Note]]:
    """What was left out of either cohort, and what is known only from comparing exports."""
    answers: list[Answer] = []
    left_out = {"merged": 0, "deleted": 0, "test": 0}
    compared = {"entries": 0, "of": 0, "widest_days": 0.0}
    for side in sides:
        excluded, note = excluded_leads(warehouse, created_from=side.start, created_before=side.end)
        found, notes = snapshot_entries(warehouse, created_from=side.start, created_before=side.end)
        answers += [excluded, *found]
        left_out = {name: count + note.values[name] for name, count in left_out.items()}
        for each in notes:
            compared["entries"] += each.values["entries"]
            compared["of"] += each.values["of"]
            compared["widest_days"] = max(compared["widest_days"], each.values["widest_days"])
    told = [Note("excluded", left_out)]
    return answers, [*told, *([Note("snapshot_entries", compared)] if compared["entries"] else [])]


def folded(cohorts: Cohorts, selection: Selection) -> list[Note]:
    """Which groups were too small to show."""
    return folded_note(cohorts.segments, minimum_group_size=selection.minimum_group_size)


def unvalued(cohorts: Cohorts) -> list[Note]:
    """How many won leads count with 0, as the amount of their deal is unknown."""
    leads = sum(int(rows["leads_without_amount"].sum()) for rows in cohorts.won_values.values())
    return [Note("won_without_value", {"leads": leads})] if leads else []


def unlike(totals: pd.DataFrame, agreement: Agreement, measure: Measure) -> list[Note]:
    """Sides whose numbers are not final, or of which the data never held the beginning."""
    cut = totals["is_left_truncated"]
    notes = []
    if cut.any():
        day, stage = max(
            (each.observed_from, each.name)
            for each in agreement.stages[: measure.last]
            if each.observed_from is not None
        )
        values = {"periods": list(totals.loc[cut, "period"]), "stage": stage}
        notes.append(Note("left_truncated", {**values, "observed_from": day.isoformat()}))
    young = ~totals["is_mature"] & totals["maturity"].notna() & ~cut
    if young.any():
        rows = totals[young]
        values = {"periods": list(rows["period"]), "maturity": [float(x) for x in rows["maturity"]]}
        notes.append(Note("immature", values))
    return notes
