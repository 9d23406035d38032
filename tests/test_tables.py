"""Tables are tested by reading their cells."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from functools import cache
from typing import Any

import pandas as pd
import pytest
from great_tables import GT

from funnel_analytics import tables
from funnel_analytics.agreement import parse_agreement
from funnel_analytics.checks import CheckReport
from funnel_analytics.metrics.loading import identity_yield
from funnel_analytics.results import Result
from funnel_analytics.warehouse import Warehouse
from funnel_analytics.wording import Words
from tests.test_agreement import SERVICE
from tests.wording import drawn
from tests.wording.drawn_plan import plan_result

SPACES = str.maketrans("\N{NARROW NO-BREAK SPACE}\N{NO-BREAK SPACE}", "  ")
TABLES: dict[str, Callable[[str], GT]] = {
    "conversion": lambda language: tables.conversion(drawn.segments_result(), language=language),
    "throughput": lambda language: tables.throughput(
        drawn.throughput_result("origin"), language=language
    ),
    "time_in_stage": lambda language: tables.time_in_stage(
        drawn.time_in_stage_result(), language=language
    ),
    "waiting": lambda language: tables.waiting(drawn.waiting_result("origin"), language=language),
    "attribution": lambda language: tables.attribution(
        drawn.attribution_result("first", "linear"), language=language
    ),
    "targets": lambda language: tables.targets(drawn.targets_result(), language=language),
    "plan": lambda language: tables.plan(plan_result(), language=language),
    "agreement": lambda language: tables.agreement(drawn.sample_agreement(), language=language),
    "summary": lambda language: tables.summary(
        throughput=drawn.throughput_result(),
        targets=drawn.targets_result(),
        conversion=drawn.funnel_result(),
        waiting=drawn.waiting_result(),
        language=language,
    ),
}


@cache
def table_of(name: str, language: str) -> GT:
    """The table, made once; the tests only read it."""
    return TABLES[name](language)


def rows(table: GT) -> list[list[str]]:
    """The cells of the body, headings between the rows as rows of one cell."""
    body = table.as_raw_html().split("<tbody", 1)[1].split("</tbody>")[0]
    return [
        [
            html.unescape(re.sub(r"<[^>]+>", "", cell)).translate(SPACES)
            for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL)
        ]
        for row in body.split("<tr")[1:]
    ]


def headings(table: GT) -> list[str]:
    head = table.as_raw_html().split("gt_col_headings", 1)[1].split("</thead>")[0]
    return [html.unescape(each) for each in re.findall(r"<th[^>]*>(.*?)</th>", head)]


def title(table: GT) -> str:
    (found,) = re.findall(r"gt_title[^>]*>(.*?)</td>", table.as_raw_html())
    return html.unescape(found).translate(SPACES)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("language", ["de", "en"])
def test_no_cell_is_markup_and_nothing_is_written_as_nan(name: str, language: str) -> None:
    text = table_of(name, language).as_raw_html()
    assert "<b onclick" not in text
    for word in ("nan", "None", "NaT", "&lt;NA"):
        assert f">{word}<" not in text


@pytest.mark.parametrize("name", TABLES)
def test_the_same_table_is_the_same_text(name: str) -> None:
    assert table_of(name, "de").as_raw_html() == TABLES[name]("de").as_raw_html()


@pytest.mark.parametrize("name", sorted(set(TABLES) - {"summary", "agreement"}))
@pytest.mark.parametrize("language", ["de", "en"])
def test_tables_beside_a_figure_have_a_name_and_no_finding(name: str, language: str) -> None:
    assert not re.search(r"\d", title(table_of(name, language)))


@pytest.mark.parametrize("name", TABLES)
def test_headings_are_worded_in_the_language(name: str) -> None:
    german, english = (headings(table_of(name, language)) for language in ("de", "en"))
    assert len(german) == len(english)
    assert german != english
    assert not [each for each in german + english if "_" in each]


def test_conversion_says_how_ripe_each_row_is() -> None:
    table = tables.conversion(drawn.funnel_result(mature=5), language="en")
    assert title(table) == "Stages reached"
    cells = rows(table)
    assert cells[0] == ["Inquiry", "–", "400", "0", "–", "–", "100.0%", "–", "–", "97%"]
    assert cells[3][:6] == ["Sales qualified lead", "180", "60", "0", "33.3%", "28.3–38.3%"]
    assert cells[5][-1] == "42% (immature)"


def test_groups_are_headings_and_missing_is_not_unknown() -> None:
    groups = [row[0] for row in rows(table_of("conversion", "de")) if len(row) == 1]
    assert groups == [
        "Inbound",
        "Outbound",
        "Unbekannt",
        drawn.EVIL,
        "Kleine Gruppen, zusammengefasst",
        "Ohne Angabe",
    ]


def test_throughput_has_a_column_per_stage() -> None:
    table = tables.throughput(drawn.throughput_result(), language="en")
    assert headings(table) == [
        "Month",
        "Inquiry",
        "Marketing qualified lead",
        "Sales accepted lead",
        "Sales qualified lead",
        "Opportunity",
        "Won",
    ]
    assert rows(table)[-1][:4] == [
        "October 2026",
        "191 (1 imputed)",
        "91 (1 imputed)",
        "44 (1 imputed)",
    ]
    assert "In brackets: how many of them are imputed" in html.unescape(table.as_raw_html())
    plain = drawn.throughput_result()
    none = drawn.result_of(
        "stage_throughput",
        plain.table.assign(imputed_leads=0, total_leads=plain.table["entered_leads"]),
        plain.parameters,
    )
    bare = tables.throughput(none, language="en")
    assert rows(bare)[-1] == ["October 2026", "190", "90", "43", "21", "10", "5"]
    assert "In brackets" not in bare.as_raw_html()


def test_time_in_stage_tells_not_reached_from_missing() -> None:
    cells = rows(table_of("time_in_stage", "en"))
    assert cells[4] == [
        "Opportunity",
        "30",
        "12",
        "8",
        "10",
        "61.5",
        "not reached",
        "not reached",
        "90",
    ]


def test_waiting_has_a_row_per_leg() -> None:
    cells = rows(tables.waiting(drawn.waiting_result(), language="de"))
    assert [row[0] for row in cells] == [
        "Erstellung bis Zuweisung",
        "Zuweisung bis Erstkontakt",
        "Wartezeit bis zum Erstkontakt",
    ]
    assert cells[0] == [
        "Erstellung bis Zuweisung", "100", "88", "12", "2,5", "17,0", "5,0", "–", "–"
    ]  # fmt: skip
    assert cells[2][-2:] == ["4", "72 von 90: 80,0 % (75,0–85,0 %)"]


def test_waiting_is_in_the_hours_that_were_agreed_and_shows_no_empty_columns() -> None:
    result = drawn.mixed_deadlines_result()
    table = result.table.assign(before_creation_leads=0, p90_hours=drawn.NAN)
    parts = {"curve": result.part("curve")}
    given = drawn.result_of("time_to_contact", table, result.parameters, parts=parts)
    shown = tables.waiting(given, language="en")
    assert headings(shown) == [
        "Leg",
        "Leads",
        "Happened",
        "Still waiting",
        "Median (working h)",
        "90% after (working h)",
        "Median (calendar h)",
        "Deadline (working h)",
        "Within deadline, of those due (95% interval)",
    ]
    assert rows(shown)[2][5] == "not reached"
    assert rows(shown)[2][7] == "4 or 8"
    round_the_clock = replace(drawn.sample_agreement(), working_time=None)
    clock = drawn.result_of(
        "time_to_contact", table, result.parameters, parts=parts, agreement=round_the_clock
    )
    shown = tables.waiting(clock, language="en")
    assert "Median (h)" in headings(shown)
    assert not [each for each in headings(shown) if "working" in each or "calendar" in each]


def test_attribution_ends_with_no_known_touch() -> None:
    cells = rows(tables.attribution(drawn.attribution_result(), language="en"))
    assert cells[0] == ["Paid search", "Marketing", "420", "21.0", "€420,000", "42.0%"]
    assert cells[-1][0] == "No known touch"
    few = drawn.attribution_result()
    table = few.table.assign(conversions=lambda rows: rows["conversions"].replace(21.0, 0.04))
    cells = rows(
        tables.attribution(drawn.result_of("attribute", table, few.parameters), language="de")
    )
    assert cells[0][3] == "< 0,1", "what is not nothing is not written as nothing"


def test_models_stand_side_by_side() -> None:
    table = tables.attribution(drawn.attribution_result("first", "position_based"), language="en")
    assert headings(table)[-2:] == ["First touch", "Position-based (agreed)"]
    cells = rows(table)
    assert len(cells) == 6
    assert cells[0] == ["Paid search", "Marketing", "380", "42.0%", "38.0%"]
    assert cells[-1] == ["No known touch", "–", "80", "8.0%", "8.0%"]


def test_targets_carry_signs() -> None:
    cells = rows(table_of("targets", "de"))
    start = cells.index(["Umsatz"])
    assert cells[start + 1] == ["Januar 2026", "1.155.000 €", "1.100.000 €", "+55.000 €", "+5,0 %"]
    assert cells[start + 10][3:] == ["−198.000 €", "−15,3 %"]


def test_targets_of_one_month_are_one_flat_table() -> None:
    def row(metric: str, dimension: str | None, target: float) -> pd.DataFrame:
        given = {"metric": metric, "dimension": dimension, "actual": 10.0, "target": target}
        return drawn.one_target(**given, variance=0.0, variance_share=0.0).table

    parts = [
        row("leads", None, 10.0),
        row("leads", "origin:inbound", 10.0),
        row("inquiry", None, drawn.NAN),
        row("opportunity", None, drawn.NAN),
        row("won", None, drawn.NAN),
        row("won_deals", None, 10.0),
    ]
    table = pd.concat(parts, ignore_index=True).assign(is_complete=False)
    result = drawn.result_of("actual_vs_target", table, drawn.in_october())
    shown = tables.targets(result, language="de")
    assert headings(shown) == ["Kennzahl", "Ist (AC)", "Ziel (PL)", "ΔPL", "ΔPL %"]
    assert [each[0] for each in rows(shown)] == [
        "Neue Leads",
        "Neue Leads (Herkunft: Inbound)",
        "Opportunity",
        "Gewonnene Opportunities",
    ], "the first and the last stage say what new leads and won deals say"
    assert "Oktober 2026 ist noch nicht abgeschlossen." in shown.as_raw_html()
    agreed = table.assign(target=10.0)
    result = drawn.result_of("actual_vs_target", agreed, drawn.in_october())
    assert "Anfrage" in [each[0] for each in rows(tables.targets(result, language="de"))]


def test_a_plan_shows_need_months_inputs_and_stock() -> None:
    cells = rows(table_of("plan", "en"))
    counts = "248 of 1,000 leads, 800 of which had enough time"  # 248 / 800 = 31 %
    assert ["Leads for 80% probability (as asked)", "2,550 leads", "–", "–"] in cells
    assert ["By month, at 80% probability"] in cells
    assert ["January 2027", "1,275 leads", "–", "–"] in cells
    assert cells[-1][-1] == "Expected: 8.0 wins, €360,000 of revenue"
    assert [
        "Value per won lead",
        "€45,000",
        "€40,000–51,000",
        "118 of 120 won deals with an amount",
    ] in cells
    assert ["Step rate into “Won”", "31.0%", "27.0–36.0%", counts] in cells
    assert next(row for row in cells if row[0] == "Opportunity")[1] == "20 leads"


def test_the_agreement_is_printed_with_owners_and_deadlines() -> None:
    table = TABLES["agreement"]("de")
    assert title(table) == (
        "Vereinbarung von Beispiel Maschinenbau GmbH, beschlossen am 15. Januar 2026"
    )
    cells = rows(table)
    assert cells[1][:2] == ["1. Anfrage", "Marketing"]
    (contact,) = [row for row in cells if row[0] == "Erstkontakt"]
    assert contact[2].startswith("binnen 4 Arbeitsstunden, Partner: binnen 8 Arbeitsstunden")
    assert ["Zurechnung", "–", "Positionsbasiert, Rückblick 90 Tage", "–"] in cells
    by_term = {row[0]: row[2] for row in cells if len(row) > 2}
    assert by_term["Erstkontakt"].endswith("danach an: Leitung Vertrieb")
    handed = by_term["Übergabe: Marketing an Vertriebsentwicklung (SDR)"]
    assert "Pflichtfelder: Firma, Anwendung, Budget und Zeitplan; " in handed
    assert by_term["Qualifizierung (BANT)"] == (
        "3 von 4 Kriterien: Budget, Entscheider, Bedarf und Zeitplan; immer: Bedarf"
    )


def test_clocks_scores_contacts_and_what_is_due_are_printed_as_agreed() -> None:
    german = {row[0]: row[2] for row in rows(TABLES["agreement"]("de")) if len(row) > 2}
    assert german["Arbeitszeit"] == (
        "Mo.–Fr. 08:00–12:00, 13:00–17:00; Feiertage: DE, BY; dazu 6 freie Tage"
    )
    assert german["Wiedervorlage"] == (
        "ab „Vom SDR angenommener Lead“ mit geplantem nächstem Schritt; recycelte Leads nach "
        "90 Tagen; bei „Budget erst im Folgejahr“ nach 180 Tagen"
    )
    assert german["Score"] == (
        "qualifiziert ab 60 von 100; sagt die Chance auf „Vom SDR angenommener Lead“ voraus"
    )
    assert german["Buying-Center"] == "mindestens 3 Kontakte; Rolle mit Entscheidung: Entscheider"
    assert german["Datensätze im CRM"] == (
        "Lead: https://crm.example/lead/{id}; Opportunity: https://crm.example/deal/{id}"
    )
    table = tables.agreement(parse_agreement(SERVICE), language="en")
    cells = rows(table)
    english = {row[0]: row[2] for row in cells if len(row) > 2 and row[0] != "Working time"}
    assert [row[1:3] for row in cells if row[0] == "Working time"] == [
        ["–", "Mon 08:00–12:00, 13:00–17:00; holidays: DE, BY; and 2 more days off"],
        ["Sales", "Tue 09:00–17:00; holidays: AT, 9; Time zone: Europe/Vienna"],
    ]
    assert english["First contact"] == (
        "within 4 working hours, priority “High”: within 2 working hours, priority “Low”: within "
        "40 working hours, in stage “Won”: within 3 working hours, then to: Head of sales"
    )
    assert english["Hand-over: Sales development (SDR) to Sales"] == (
        "answer within 16 working hours; back to the pool without an answer"
    )
    assert english["Buying group"] == (
        "at least 3 contacts; role that decides: decision maker or procurement"
    )


def test_hours_up_to_midnight_and_days_apart_are_printed_as_they_are() -> None:
    text = SERVICE.replace('["09:00-17:00"]', '["12:00-24:00"]\nwednesday = ["12:00-24:00"]')
    text = text.replace("minimum_contacts = 3", "minimum_contacts = 1")
    cells = rows(tables.agreement(parse_agreement(text), language="de"))
    (clock,) = [row[2] for row in cells if row[:2] == ["Arbeitszeit", "Vertrieb"]]
    assert clock == "Di.–Mi. 12:00–24:00; Feiertage: AT, 9; Zeitzone: Europe/Vienna"
    (group,) = [row[2] for row in cells if row[0] == "Buying-Center"]
    assert group.startswith("mindestens 1 Kontakt; ")


def test_the_summary_has_actual_target_and_difference() -> None:
    cells = rows(table_of("summary", "en"))
    assert cells[0] == ["New leads", "400", "–", "472", "−72", "−15.3%"]
    names = [row[0] for row in cells]
    assert names.count("Sales accepted lead") == 1
    overall = "Overall rate to “Won” (leads October 2026)"
    assert [overall, "3.0%", "0.0–6.0%", "–", "–", "–"] in cells
    in_time = "First contact within deadline (leads October 2026)"
    assert [in_time, "80.0%", "75.0–85.0%", "–", "–", "–"] in cells
    assert "Inquiry" not in names
    assert "Won" not in names


def test_a_summary_without_targets_has_every_stage() -> None:
    cells = rows(tables.summary(throughput=drawn.throughput_result(), language="en"))
    assert [cells[0][0], cells[-1][0]] == ["Inquiry", "Won"]
    bare = tables.summary(throughput=drawn.throughput_result(), language="en")
    assert headings(bare) == ["Metric", "Actual (AC)", "95% interval"]


def test_a_summary_of_nothing_is_a_notice() -> None:
    said = tables.summary(targets=drawn.missing_touches(), language="en")
    assert isinstance(said, tables.Notice)


def checked(*rows: tuple[Any, ...]) -> CheckReport:
    """A report of checks with these rows: check, status, offending, of, measure, limit, examples,
    distorts."""
    columns = ["check", "status", "offending_rows", "of_rows", "measure", "limit", "examples"]
    table = pd.DataFrame(rows, columns=[*columns, "distorts"])
    table["share"] = table["offending_rows"] / table["of_rows"].where(table["of_rows"] > 0)
    return CheckReport(datetime(2026, 10, 31, 23), drawn.sample_agreement(), table)


CHECKED = checked(
    ("win_before_creation", "fail", 3, 12, "share", 0.05, ({"id": drawn.EVIL},),
     ("stage_conversion", "leads_needed")),
    ("left_truncation", "review", 1, 842, "share", 0.0,
     ({"stage": "won", "day": date(2026, 10, 5)},), ()),
    ("stale_exports", "review", 1, 4, "days", 7.0,
     ({"system": "ga", "table_name": "touch", "exported_at": datetime(2026, 10, 14, 22)},), ()),
    ("incomplete_fields", "review", 1, 9, "share", 0.2,
     ({"table_name": "lead", "field": "owner", "share": 0.75},), ()),
    ("duplicate_rows", "review", 10, 100, "share", 0.0,
     tuple({"file": f"{letter}.csv", "found_rows": n} for n, letter in enumerate("abcd", 1)), ()),
    ("deals_without_contact", "pass", 1, 10, "share", 0.2, ({"id": "d"},), ()),
    ("missing_origin", "pass", 0, 8000, "share", 0.0, (), ()),
    ("vanished_leads", "pass", 0, 0, "share", 0.0, (), ()),
)  # fmt: skip


def test_checks_are_worded_with_meaning_and_advice() -> None:
    table = tables.checks(CHECKED, language="en")
    assert title(table) == "1 check failed, 4 to review, 2 passed"
    cells = rows(table)
    assert cells[0] == [
        "Won before the lead was created",
        "Fail",
        "3 of 12 (25.0%)",
        drawn.EVIL,
        "The win is dated before the lead said to have led to it; in mode “ordered” it does not "
        "count, and it has no duration. Distorts: Stages reached, Plan and inputs.",
        "Compare close date and creation date in the CRM and correct them.",
    ]
    assert len(cells) == 5
    assert cells[4][3] == "a.csv (1 row), b.csv (2 rows), c.csv (3 rows)"
    below = html.unescape(table.as_raw_html())
    assert "Passed: Deals without a contact: 1 of 10 (10.0%); Leads without an origin." in below
    assert "No data, not checked: Leads that the newest export lacks." in below


def test_examples_of_checks_are_in_the_language_of_the_page() -> None:
    german = rows(tables.checks(CHECKED, language="de"))
    english = rows(tables.checks(CHECKED, language="en"))
    assert german[1][3] == "Gewonnen ab 5. Oktober 2026"
    assert english[1][3] == "Won from 5 October 2026"
    assert german[2][3] == "Kontaktpunkte (ga): Stand 14. Oktober 2026"
    assert german[3][3] == "Leads: Zuständig (zu 75,0 % ausgefüllt)"
    assert english[3][3] == "leads: Owner (75.0% filled)"


def test_hashed_ids_are_cut_to_what_tells_them_apart() -> None:
    hashed = {"id": "olist:8ddf3a2c9b7e4f10a6d5c4b3e2f1a098"}
    report = checked(("win_before_creation", "review", 1, 9, "share", 0.2, (hashed,), ()))
    assert rows(tables.checks(report, language="en"))[0][3] == "olist:8ddf3a2c…"
    assert hashed["id"] in " ".join(Words("en").check_lines(report))


def test_a_sudden_fall_is_told_in_whole_rows() -> None:
    day = {"table_name": "touch", "day": date(2026, 3, 5), "found_rows": 0, "usual_rows": 58.5}
    report = checked(("sudden_falls", "review", 1, 9, "share", 0.2, (day,), ()))
    assert rows(tables.checks(report, language="de"))[0][3] == (
        "Kontaktpunkte am 5. März 2026: 0 Zeilen, üblich etwa 59"
    )


def test_checks_are_lines_for_a_terminal() -> None:
    lines = Words("en").check_lines(CHECKED)
    assert lines[0] == "1 check failed, 4 to review, 2 passed"
    assert lines[1] == "✗ Fail: Won before the lead was created · 3 of 12 (25.0%) · limit: 5%"
    assert max(map(len, lines)) <= 96
    said = " ".join(" ".join(lines).split())
    assert "Stale exports · 1 of 4 (25.0%) · limit: 7 days" in said
    assert "Fields with gaps · 1 of 9 (11.1%) · empty in more than 20% of the rows due" in said
    assert "Rows repeated to the letter · 10 of 100 (10.0%) For example: a.csv (1 row)" in said
    assert "✓ Pass: Leads without an origin · 0 of 8,000" in lines
    assert lines[-1] == "· No data: Leads that the newest export lacks"
    german = " ".join(" ".join(Words("de").check_lines(CHECKED)).split())
    assert "· Grenze: 7 Tage Zum Beispiel: Kontaktpunkte (ga): Stand" in german


def complete(*rows: tuple[Any, ...]) -> Result:
    columns = ["table_name", "field", "team", "is_total", "is_folded", "filled_rows", "of_rows"]
    table = pd.DataFrame(rows, columns=columns)
    table["share"] = table["filled_rows"] / table["of_rows"].where(table["of_rows"] > 0)
    return drawn.result_of("completeness", table, {})


def test_completeness_has_a_column_per_team_and_names_what_is_complete() -> None:
    result = complete(
        ("deal", "amount", None, True, False, 4, 4),
        ("deal", "amount", "sales", False, False, 4, 4),
        ("lead", "origin", None, True, False, 8, 10),
        ("lead", "origin", "sales", False, False, 4, 4),
        ("lead", "origin", None, False, True, 4, 5),
        ("lead", "origin", None, False, False, 0, 1),
        ("lead", "size", None, True, False, 9, 10),
        ("lead", "size", "sales", False, False, 4, 4),
        ("lead", "size", None, False, True, 5, 6),
    )
    table = tables.completeness(result, language="de")
    assert isinstance(table, GT)
    assert headings(table) == ["Feld", "Alle", "Vertrieb", "Kleine Teams, zusammen", "Ohne Team"]
    assert rows(table) == [
        ["Leads"],
        ["Herkunft", "80,0 % (10)", "100,0 % (4)", "80,0 % (5)", "0,0 % (1)"],
        ["Size", "90,0 % (10)", "100,0 % (4)", "83,3 % (6)", "–"],
    ]
    assert "Vollständig: Opportunities: Betrag." in html.unescape(table.as_raw_html())
    assert tables.completeness(None) is None


def test_loads_show_what_became_of_every_row() -> None:
    loaded = pd.DataFrame(
        {
            "file": ["leads.csv"],
            "table_name": ["lead"],
            "rows_read": [5010],
            "rows_loaded": [5000],
            "rows_duplicate": [1],
            "rows_quarantined": [6],
            "rows_other": [3],
        }
    )
    table = tables.loads(loaded, language="de")
    assert "Gelesen = Geladen + Doppelt + In Quarantäne + Nicht für diese Tabelle<" in (
        table.as_raw_html()
    ), "the sum names the columns that are shown"
    assert rows(table) == [["leads.csv", "Leads", "5.010", "5.000", "1", "6", "3"]]
    rare = {"rows_total": [0], "rows_superseded": [7], "rows_forgotten": [None]}
    instant = {"exported_at": [datetime(2026, 10, 31, 23)]}
    table = tables.loads(loaded.assign(**rare, **instant), language="de", timezone="Europe/Berlin")
    assert headings(table)[-2:] == ["Neu gefasst", "Stand"]
    assert rows(table)[0][-2:] == ["7", "31. Oktober 2026"]


def test_identity_shows_what_each_rule_joined(warehouse_of: Callable[..., Warehouse]) -> None:
    # a ── C of sf ═ mail ═ b;  V is a's;  info@ is two contacts' (c and d)
    warehouse = warehouse_of(
        {
            "lead": [
                {"lead": name, "created_at": "2026-09-01", **more}
                for name, more in {
                    "a": {"contact": "C", "email": "m", "visitor": "V"},
                    "b": {"email": "m"},
                    "c": {"contact": "D", "email": "info"},
                    "d": {"contact": "E", "email": "info"},
                }.items()
            ],
            "touch": [{"touch": n, "visitor": "V", "touched_at": "2026-09-02"} for n in "123"],
        }
    )
    table = tables.identity(identity_yield(warehouse), language="de")
    assert headings(table) == [
        "Verbunden über", "Verbindungen", "Leads", "Kontaktpunkte", "Nicht verbunden",
    ]  # fmt: skip
    assert rows(table) == [
        ["Schlüssel (Ids)", "3", "3", "0", "0"],
        ["E-Mail-Adressen", "1", "2", "0", "1"],
        ["Besucher", "1", "2", "3", "0"],
        ["Firmendomains", "0", "0", "0", "0"],
    ]
    text = html.unescape(table.as_raw_html())
    assert "Verbundene Personen und Firmen" in text
    assert "sie verbinden niemanden" in text


@pytest.mark.parametrize(
    "draw",
    [
        tables.conversion,
        tables.throughput,
        tables.time_in_stage,
        tables.waiting,
        tables.attribution,
        tables.targets,
        tables.plan,
    ],
)
def test_a_missing_table_becomes_a_sentence(draw: Callable[..., Any]) -> None:
    said = draw(drawn.missing_touches())
    assert isinstance(said, tables.Notice)
    assert said._repr_html_().startswith('<p class="notice">Dieser Abschnitt braucht')
