"""The look of every table: finding on top, worded headings, numbers to the right, footer below."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import pandas as pd
from great_tables import GT, loc, style

from funnel_analytics import theme

__all__ = ["framed"]

# Words wrap rather than push the table over the edge of the page, and every table begins and ends
# where the text around it does.
_CSS = """
TABLE .gt_title, TABLE .gt_group_heading { font-weight: 600; }
TABLE .gt_subtitle, TABLE .gt_sourcenote { color: MUTED; }
TABLE td.gt_left { overflow-wrap: break-word; }
TABLE td.gt_left { min-width: 70px; }
TABLE td.gt_left:first-child { min-width: 185px; }
TABLE tr > :first-child { padding-left: 0; }
TABLE .gt_left:not(:first-child) { padding-left: 18px; }
TABLE .gt_right.gt_col_heading { white-space: normal; padding-left: 10px; }
""".replace("MUTED", theme.MUTED)


_NOTHING = "–"


def framed(
    rows: pd.DataFrame,
    *,
    headings: Mapping[str, str],
    title: str,
    subtitle: str,
    notes: Sequence[str] = (),
    texts: Sequence[str] = (),
    group: str | None = None,
    muted: Sequence[int] = (),
    strong: Sequence[int] = (),
    nowrap: Sequence[str] = (),
    widths: Mapping[str, str] | None = None,
    least: Mapping[str, str] | None = None,
) -> GT:
    """A table of worded cells.

    Parameters
    ----------
    rows
        The cells as texts; great_tables escapes them. An empty one shows the sign of missing.
    headings
        Column to heading, in the order of the columns.
    texts
        The columns aligned left; all others are numbers, aligned right.
    group
        A column whose values become headings between the rows.
    muted, strong
        Positions of rows in grey and in bold.
    nowrap
        Columns of texts that stay on one line, as numbers always do.
    widths
        How much of the table's width a column of long texts takes, such as `"30%"`.
    least
        How wide a column of sentences stays where there is little room, such as `"260px"`.
    """
    columns = [*headings, *([group] if group else [])]
    shown = rows[columns].reset_index(drop=True).astype(str)
    shown[list(headings)] = shown[list(headings)].replace("", _NOTHING)
    left = [column for column in headings if column in texts]
    right = [column for column in headings if column not in texts]
    identity = _identity(shown, title)
    table = GT(shown, groupname_col=group, id=identity)
    table = table.tab_header(title=title, subtitle=subtitle).cols_label(dict(headings))
    if left:
        table = table.cols_align("left", columns=left)
    if right:
        table = table.cols_align("right", columns=right)
        table = table.tab_style(style.css("white-space: nowrap;"), loc.body(columns=right))
    for each in nowrap:
        table = table.tab_style(style.css("white-space: nowrap;"), loc.body(columns=each))
    for column, width in (widths or {}).items():
        table = table.tab_style(style.css(f"width: {width};"), loc.body(columns=column))
    for column, width in (least or {}).items():
        table = table.tab_style(style.css(f"min-width: {width};"), loc.body(columns=column))
    said = _in_one_line([note for note in notes if note])
    if said:
        table = table.tab_source_note(said)
    if muted:
        table = table.tab_style(style.text(color=theme.MUTED), loc.body(rows=list(muted)))
    if strong:
        table = table.tab_style(style.text(weight="bold"), loc.body(rows=list(strong)))
    return (
        table.opt_align_table_header("left")
        .tab_options(
            table_font_names=theme.FONTS.replace("'", "").split(", "),
            table_font_color=theme.INK,
            table_font_size="13px",
            table_background_color=theme.PAPER,
            table_border_top_color=theme.LINE,
            table_border_bottom_color=theme.LINE,
            table_margin_left="0px",
            table_width="100%",
            heading_title_font_size="15px",
            heading_title_font_weight="600",
            heading_subtitle_font_size="12px",
            heading_border_bottom_color=theme.LINE,
            column_labels_font_size="12px",
            column_labels_font_weight="600",
            column_labels_border_top_color=theme.LINE,
            column_labels_border_bottom_color=theme.INK,
            row_group_font_weight="600",
            row_group_border_top_color=theme.LINE,
            row_group_border_bottom_color=theme.LINE,
            table_body_border_bottom_color=theme.LINE,
            table_body_hlines_color=theme.FAINT,
            source_notes_font_size="11px",
            data_row_padding="5px",
        )
        .opt_css(_CSS.replace("TABLE", f"#{identity}"))
    )


def _in_one_line(notes: Sequence[str]) -> str:
    """Sentences follow each other; what is no sentence is set off by a dot."""
    text = ""
    for note in notes:
        gap = " " if text.endswith(".") else " · "
        text = f"{text}{gap}{note}" if text else note
    return text


def _identity(shown: pd.DataFrame, title: str) -> str:
    """The same table has the same id, so that a report made twice is the same file."""
    content = title + shown.to_csv(index=False)
    return "t" + hashlib.sha256(content.encode()).hexdigest()[:12]
