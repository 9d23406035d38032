"""What became of the exports: files, columns and what could not be read."""

from __future__ import annotations

from funnel_analytics.results import Result
from funnel_analytics.warehouse import Warehouse

__all__ = ["column_forms", "load_log", "quarantined"]


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
