"""Tables that sort and filter in a notebook, with nothing from the network."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from funnel_analytics.errors import CallError
from funnel_analytics.results import Missing, Result, plain
from funnel_analytics.wording import Words, notice, words_in

__all__ = ["browse"]

_PAGE_ROWS = (15, 50, 200)

# What can be asked of a column, by what it holds; the names are DataTables'.
_ANY = ("equal", "notEqual", "empty", "notEmpty")
_FILTERS = {
    "text": ("contains", "notContains", "starts", "ends", *_ANY),
    "number": ("greater", "greaterOrEqual", "less", "lessOrEqual", *_ANY),
    "datetime": ("after", "before", *_ANY),
}

# How a cell is written; sorting and filtering go by its value.
_CELL = """function (value, use) {
    if (use !== 'display') return value;
    if (value === null || value === '' || Number.isNaN(value)) return 'MISSING';
    if (typeof value !== 'number') return value;
    return value.toLocaleString('LANGUAGE', {
        maximumFractionDigits: 2, maximumSignificantDigits: 4, roundingPriority: 'morePrecision'
    });
}"""

# JupyterLab sets texts to the right, and squeezes the marks that say how a column is sorted.
_STYLE = """<style>
table.dataTable :is(th, td):not(.dt-type-numeric) { text-align: left; }
table.dataTable .dtcc-button-icon svg { max-width: none; }
</style>
"""


def browse(
    result: Result | Missing | pd.DataFrame,
    *,
    part: str | None = None,
    language: str | None = None,
) -> None:
    """Show a table to sort by a click on a heading, and to filter column by column.

    Numbers are shown to four digits or two decimals, whichever is more; sorting and filtering go
    by their values. Missing is shown as a dash. The columns keep the names that
    `result.table` has.

    Parameters
    ----------
    result
        A result, or any table.
    part
        One of `result.parts` in place of its table.
    language
        `"de"` or `"en"`; by default the agreement's, and of a bare table English.

    Raises
    ------
    CallError
        The result has no such part, or a bare table was given with one, or the language is unknown.
    """
    import itables
    from IPython.display import HTML, display
    from itables.javascript import generate_init_offline_itables_html

    if isinstance(result, Missing):
        display(notice(result, language=language))
        return
    if isinstance(result, Result):
        table = result.part(part) if part else result.table
        words = words_in(language or result.agreement.language)
    elif part is None:
        table, words = result, words_in(language or "en")
    else:
        raise CallError(f"A bare table has no part '{part}'; give the result that has it.")
    page = itables.to_html_datatable(
        _with_plain_cells(table),
        connected=False,
        allow_html=False,
        display_logo_when_loading=False,
        classes="display compact nowrap",
        showIndex=False,
        maxBytes=0,
        pageLength=_PAGE_ROWS[0],
        lengthMenu=list(_PAGE_ROWS),
        ordering={"indicators": False},
        text_in_header_can_be_selected=False,  # else a click on a heading would not sort
        columnControl=[
            {"target": 0, "content": ["order"]},
            {"target": 1, "content": ["search"]},
        ],
        columnDefs=[{"targets": "_all", "render": itables.JavascriptFunction(_cell(words))}],
        language=_browsing(words),
    )
    # The script goes along with every table, so one that is opened later works, too.
    script = generate_init_offline_itables_html(itables.options.dt_bundle)
    display(HTML(_STYLE + script + page))


def _cell(words: Words) -> str:
    return _CELL.replace("MISSING", words.missing).replace("LANGUAGE", words.language)


def _browsing(words: Words) -> dict[str, Any]:
    """The texts around a table, by DataTables' names for them."""
    return {
        "search": words.say("lab.browse_search"),
        "lengthMenu": words.say("lab.browse_length"),
        "info": words.say("lab.browse_info"),
        "infoEmpty": words.say("lab.browse_empty"),
        "infoFiltered": words.say("lab.browse_filtered"),
        "emptyTable": words.say("lab.browse_empty"),
        "zeroRecords": words.say("lab.browse_none"),
        "thousands": words.whole(1000).strip("01"),
        "columnControl": {
            "search": {
                kind: {name: words.say(f"lab_filter.{_snake(name)}") for name in names}
                for kind, names in _FILTERS.items()
            }
        },
    }


def _snake(name: str) -> str:
    return re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", name)


def _with_plain_cells(table: pd.DataFrame) -> pd.DataFrame:
    """A copy with days as ISO texts; missing numbers are NaN, missing texts are empty."""
    changed = table.copy()
    for name, column in table.items():
        if is_numeric_dtype(column) and not is_bool_dtype(column):
            changed[name] = column.astype("float64") if column.hasnans else column
        else:
            texts = ["" if plain(value) is None else plain(value) for value in column]
            changed[name] = pd.Series(texts, table.index, dtype=object)
    return changed
