"""What became of the exports: files, columns, what could not be read and what was joined."""

from __future__ import annotations

from funnel_analytics.results import Result
from funnel_analytics.warehouse import Warehouse

__all__ = ["column_forms", "identity_yield", "load_log", "quarantined"]


def load_log(warehouse: Warehouse) -> Result:
    """What became of the rows of every file?

    Returns
    -------
    Result
        One row per loaded file, canonical table and part of the preset's rule. `rows_read` is the
        sum of the other `rows_…`: `loaded`, `quarantined` (no key, no date or not readable at
        all), `duplicate` (alike in every column), `other` (not meant for this table), `total` (the
        export's own total rows), `superseded` (restated by a newer export) and `forgotten`.
        `values_quarantined` counts values that were left out of rows that stayed. `exported_at`
        (UTC) is the instant the file describes, `exported_at_source` where that is known from.
    """
    answer = warehouse.query("warehouse/loads")
    return warehouse.result(
        "load_log",
        grain="one row per loaded file, canonical table and part",
        units={
            name: "rows" if name.startswith("rows_") else "values"
            for name in answer.table.columns
            if name.startswith(("rows_", "values_"))
        },
        definition="Rows read are loaded, quarantined, duplicate, for other tables, total rows, "
        "superseded or forgotten.",
        answers=[answer],
        table=answer.table,
        parameters={},
    )


def quarantined(warehouse: Warehouse) -> Result:
    """Which records and values of the exports could not be read, and why?

    Returns
    -------
    Result
        One row per record or value. `line` is the place in `file`; `value` is missing for whole
        records, and letters that may be a name, an address or a phone number are masked by x.
        `is_row_lost` says whether the whole row was left out, or this value only.
    """
    answer = warehouse.query("warehouse/quarantine")
    return warehouse.result(
        "quarantine",
        grain="one row per record or value that could not be read",
        units={},
        definition="Values stay out of every number; their rows count unless the row is lost.",
        answers=[answer],
        table=answer.table,
        parameters={},
    )


def column_forms(warehouse: Warehouse) -> Result:
    """How was each column of each file read?

    Returns
    -------
    Result
        One row per loaded file and column: the `header` it was found under, the `form` of its
        dates or numbers, whether that was declared or detected (`is_detected`), and how many
        values were read and quarantined.
    """
    answer = warehouse.query("warehouse/load_columns")
    return warehouse.result(
        "column_forms",
        grain="one row per loaded file and column",
        units={"values_read": "values", "values_quarantined": "values"},
        definition="A form is detected only where the values prove it.",
        answers=[answer],
        table=answer.table,
        parameters={},
    )


def identity_yield(warehouse: Warehouse) -> Result:
    """How many records of people and companies did each rule join, and where did it join nothing?

    Returns
    -------
    Result
        One row per rule, in the order in which they are applied: `ids`, `email`, `visitor`,
        `domain`. `links` are the joins that no rule before made; `leads` the counted leads and
        `touches` the touches of theirs that it reached. `conflicts` are keys that name several
        people or companies, and join nobody: a lead that became several contacts of one system
        (it keeps them all), an address of several persons by their ids, a visitor seen with
        several persons, a domain of several accounts of one system.
    """
    answer = warehouse.query("warehouse/identity_yield")
    return warehouse.result(
        "identity_yield",
        grain="one row per rule",
        units={"links": "links", "leads": "leads", "touches": "touches", "conflicts": "keys"},
        definition="Ids join first, then e-mail addresses, web visitors and, for accounts, company "
        "domains; a key in conflict joins nobody.",
        answers=[answer],
        table=answer.table,
        parameters={},
    )
