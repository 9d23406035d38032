"""Lists to act on as sentences, table, figure, terminal and file, tested by reading them."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

import funnel_analytics as fa
from funnel_analytics import plots, sheets, tables, theme
from funnel_analytics.cli import main
from funnel_analytics.cli.lists import listed
from funnel_analytics.results import Note, Result
from funnel_analytics.wording import Notice, words_in
from tests.figures import footer, texts, title
from tests.test_tables import headings, rows
from tests.wording.drawn import EVIL, result_of

NAN, NONE = float("nan"), None
LISTS = [
    # list, rows, expected value
    ("contact_overdue", 3, 900.0),
    ("handover_overdue", 1, 2_500_000.0),
    ("no_next_step", 2, NAN),
]
CASES = [
    # list, lead, deal, team, due, hours, days, reason, value, basis, expected
    ("contact_overdue", "=cmd|' /C calc'!A1", NONE, "sdr", "2026-10-30 09:00", 12.25, NAN, NONE,
     1000.0, "typical", 500.0),
    ("contact_overdue", EVIL, NONE, "marketing", "2026-10-30 09:00", 9.0, NAN, NONE,
     1000.0, "typical", 300.0),
    ("contact_overdue", "c3", NONE, NONE, "2026-10-30 09:00", 9.0, NAN, NONE, 1000.0, "typical",
     100.0),
    ("handover_overdue", "h1", "d1", "sales", "2026-10-01 09:00", 1200.0, NAN, "sdr_to_sales",
     5_000_000.0, "deal_amount", 2_500_000.0),
    ("no_next_step", "n1", NONE, "sales", "2026-10-20 22:00", NAN, 12.0, "in_the_past", NAN, NONE,
     NAN),
    ("no_next_step", "n2", NONE, "sales", "2026-10-20 22:00", NAN, 1.0, "none_planned", NAN, NONE,
     NAN),
]  # fmt: skip
COLUMNS = [
    "list", "lead", "deal", "team", "due_at", "over_hours", "over_days", "reason", "value",
    "value_basis", "expected_value",
]  # fmt: skip


def drawn(
    lists: list[tuple[str, int, float]] = LISTS,
    *,
    missing: dict[str, str] | None = None,
    notes: tuple[Note, ...] = (),
    link: str = "https://crm.example/lead/1",
) -> Result:
    names = [name for name, count, _ in lists if count]
    table = pd.DataFrame([case for case in CASES if case[0] in names], columns=COLUMNS)
    table["rank"] = table.groupby("list").cumcount() + 1
    table = table.assign(
        origin="inbound", stage="sales_accepted", since_at=pd.Timestamp("2026-10-01"), link=link,
        due_at=pd.to_datetime(table["due_at"]), contacts=pd.array([None] * len(table), "Int64"),
        has_decision_maker=None, chance_to_win=0.5,
    )  # fmt: skip
    lacking = missing or {}
    overview = pd.DataFrame(
        [
            *({"list": name, "is_made": True, "missing": None, "rows": count,
               "expected_value": value} for name, count, value in lists),
            *({"list": name, "is_made": False, "missing": why, "rows": None,
               "expected_value": NAN} for name, why in lacking.items()),
        ],
        columns=["list", "is_made", "missing", "rows", "expected_value"],
    ).astype({"rows": "Int64"})  # fmt: skip
    summary = pd.DataFrame(
        {
            "list": ["contact_overdue", "no_next_step"],
            "team": ["sdr", "sales"],
            "rows": [1, 2],
            "expected_value": [500.0, NAN],
            "oldest_due_at": pd.to_datetime(["2026-10-30 09:00", "2026-10-20 22:00"]),
            "median_over_hours": [12.25, NAN],
            "median_over_days": [NAN, 6.5],
        }
    )
    worth = [value for _, _, value in lists if value == value]
    note = {
        "cases": len(table), "leads": len(table), "deals": 1,
        "expected_value": sum(worth) if worth else None,
    }  # fmt: skip
    return result_of(
        "breaches",
        table,
        {"lists": [name for name, _, _ in lists], "by": None},
        parts={"lists": overview, "summary": summary},
        notes=[Note("breaches", note), *notes],
    )


def finding(result: Result, language: str) -> str:
    return words_in(language).finding(result).replace("\xa0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("lists", "german", "english"),
    [
        (
            LISTS,
            "Am 31. Oktober 2026 stand bei 6 Leads etwas aus, erwarteter Wert 2,50 Mio. €; davon "
            "1 mit unbeantworteter Übergabe (2,50 Mio. €)",
            "On 31 October 2026 something was outstanding for 6 leads, expected value €2.50M; of "
            "these, 1 with an unanswered hand-over (€2.50M)",
        ),
        (
            LISTS[2:],
            "Am 31. Oktober 2026 war bei 2 offenen Leads kein nächster Schritt geplant",
            "On 31 October 2026 no next step was planned for 2 open leads",
        ),
        (
            [("no_next_step", 0, NAN)],
            "Am 31. Oktober 2026 war überall ein nächster Schritt geplant, wo einer vereinbart ist",
            "On 31 October 2026 a next step was planned wherever one is agreed",
        ),
        (
            LISTS[1:2],
            "Am 31. Oktober 2026 war die Übergabe von 1 Lead nach Ablauf der Frist unbeantwortet, "
            "erwarteter Wert 2,50 Mio. €",
            "On 31 October 2026 the hand-over of 1 lead was unanswered after its deadline, "
            "expected value €2.50M",
        ),
        (
            [("contact_overdue", 0, NAN), ("recycled_due", 0, NAN)],
            "Am 31. Oktober 2026 stand auf keiner der Listen ein Lead oder eine Opportunity",
            "On 31 October 2026 no lead or opportunity was in any of the lists",
        ),
        (
            [("contact_overdue", 0, NAN)],
            "Am 31. Oktober 2026 war kein erster Kontakt überfällig",
            "On 31 October 2026 no first contact was overdue",
        ),
        (
            [],
            "Am 31. Oktober 2026 ließ sich keine der Listen erstellen",
            "On 31 October 2026 none of the lists could be made",
        ),
    ],
)
def test_the_finding_says_how_many_and_what_they_may_be_worth(
    lists: list[tuple[str, int, float]], german: str, english: str
) -> None:
    assert finding(drawn(lists), "de") == german
    assert finding(drawn(lists), "en") == english


def test_without_a_known_value_the_largest_list_is_named() -> None:
    both = drawn([("contact_overdue", 3, NAN), ("no_next_step", 2, NAN)])
    assert finding(both, "de") == (
        "Am 31. Oktober 2026 stand bei 5 Leads etwas aus; davon 3 nach Ablauf der Frist ohne "
        "ersten Kontakt"
    )


def test_notes_say_what_to_agree_on_or_to_export() -> None:
    missing = {"contact_overdue": "no_rule", "recycled_due": "no_rule", "handover_overdue":
               "handover", "no_next_step": "next_step_on"}  # fmt: skip
    result = drawn(
        [], missing=missing,
        notes=(Note("lists_missing", missing), Note("next_step_leads", {}), Note("pseudonyms", {})),
    )  # fmt: skip
    unruled, handovers, steps, leads, pseudonyms = words_in("en").notes(result)
    assert unruled == (
        "Not made, for the agreement says nothing of them: “First contact overdue” "
        "([first_contact]) and “Recycled and due again” ([follow_up] recycled_due_days)."
    )
    assert handovers.startswith("The list “Hand-over unanswered” is missing: Missing: ")
    assert "lead.next_step_on or deal.next_step_on" in steps
    assert "for leads none is exported" in leads
    assert "funnel reveal" in pseudonyms
    shown = plots.breaches(result, language="en")
    assert isinstance(shown, Notice)
    assert unruled in str(shown)
    assert str(tables.breaches(result, language="en")) == str(shown)


def test_the_figure_has_two_bars_per_list() -> None:
    figure = plots.breaches(drawn(), language="de")
    count, value = figure.data
    assert list(count.x) == [3, 1, 2]
    assert list(value.x) == [900, 2_500_000, 0]
    assert list(count.text) == ["3", "1", "2"]
    assert [each.replace("\xa0", " ") for each in value.text] == ["900 €", "2,50 Mio. €", "–"]
    assert list(count.marker.color) == [theme.QUIET, theme.ACCENT, theme.QUIET]
    assert list(figure.layout.yaxis.ticktext)[2] == "Ohne geplanten<br>nächsten Schritt"
    assert figure.layout.xaxis.title.text == "Leads und Opportunities (Anzahl)"
    assert figure.layout.xaxis2.title.text == "Erwarteter Wert (€)"
    assert figure.layout.xaxis.range[0] == figure.layout.xaxis2.range[0] == 0
    assert "31. Oktober 2026" in title(figure)
    assert footer(figure).startswith("n = 6 Leads · Stand: 31. Oktober 2026")
    assert "zählt in der Überschrift einmal" in footer(figure)


@pytest.mark.parametrize("language", ["de", "en"])
def test_nothing_is_markup_or_nan(language: str) -> None:
    whole = json.loads(plots.breaches(drawn(), language=language).to_json())
    whole["layout"].pop("template")
    assert not any("nan" in each.lower().split() for each in texts(whole))
    table = tables.breaches(drawn(), language=language)
    assert EVIL not in table.as_raw_html()
    cells = [cell for row in rows(table) for cell in row]
    assert EVIL in cells
    assert not any("nan" in cell.lower().split() for cell in cells)


def test_the_table_names_the_leads_under_their_list() -> None:
    table = tables.breaches(drawn(), most=2, language="de")
    assert headings(table) == [
        "Lead (Opportunity)", "Phase", "Team", "Fällig seit", "Überfällig", "Was fehlt",
        "Erwarteter Wert",
    ]  # fmt: skip
    body = rows(table)
    assert body[0] == ["Erster Kontakt überfällig (3)"]
    assert body[1][3:] == ["30.10.2026", "12 Arbeits-Std.", "Erster Kontakt durch uns", "(500 €)"]
    assert body[2][2] == "Marketing"
    assert body[3] == ["Übergabe unbeantwortet (1)"]
    assert body[4][0] == "h1 (d1)"
    assert body[4][5:] == ["Vertriebsentwicklung (SDR) an Vertrieb", "2.500.000 €"]
    assert body[6][4:] == ["12 Tage", "Nächster Schritt liegt zurück", "–"]
    assert body[7][4] == "1 Tag"
    assert "die 2 mit dem höchsten erwarteten Wert" in table.as_raw_html()
    whole = tables.breaches(drawn(), language="de")
    assert "gespeichert werden alle" not in whole.as_raw_html()
    assert rows(whole)[3][0] == "c3"
    assert rows(whole)[3][2] == "–"


def test_the_summary_has_a_row_per_list_and_team() -> None:
    body = rows(tables.breaches(drawn(), summary=True, language="en"))
    assert body == [
        ["First contact overdue"],
        ["Sales development (SDR)", "1", "€500", "30 Oct 2026", "12 working h"],
        ["Without a planned next step"],
        ["Sales", "2", "–", "21 Oct 2026", "6 days"],
    ]


def test_the_terminal_shows_the_first_of_each_list() -> None:
    result = drawn()
    text = listed(result)
    assert "contact_overdue: 3\n" in text
    assert "expected_value in EUR" in text
    head = text.split("contact_overdue: 3\n")[1].splitlines()[0].split()
    # what says nothing of this list, such as the days over, has no column
    assert head[:3] == ["lead", "team", "due_at"]
    assert set(head[3:]) == {
        "over_hours", "rank", "origin", "stage", "chance_to_win", "expected_value",
    }  # fmt: skip
    assert "more" not in text


def test_what_is_saved_is_never_a_formula_and_links_open(tmp_path: Path) -> None:
    result = drawn()
    units = {"link": "link", "expected_value": "EUR"}
    object.__setattr__(result, "units", units)
    book = CalamineWorkbook.from_path(str(result.save(tmp_path / "a.xlsx")))
    found = book.get_sheet_by_name("breaches").to_python()
    place = found[0].index("lead")
    assert found[1][place] == "=cmd|' /C calc'!A1"  # as text: see the next lines
    assert found[1][found[0].index("link")] == "https://crm.example/lead/1"
    with zipfile.ZipFile(tmp_path / "a.xlsx") as file:
        sheet = file.read("xl/worksheets/sheet1.xml").decode()
        related = file.read("xl/worksheets/_rels/sheet1.xml.rels").decode()
    assert "<f>" not in sheet
    assert sheet.count("<hyperlink ") == 6
    assert "https://crm.example/lead/1" in related
    text = result.save(tmp_path / "a.csv").read_text(encoding="utf-8-sig")
    assert "'=cmd" in text
    assert ",=cmd" not in text
    assert "\n=" not in text


def test_more_links_than_excel_opens_stay_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "_MOST_LINKS", 2)
    result = drawn(link="https://crm.example/lead/1")
    object.__setattr__(result, "units", {"link": "link"})
    result.save(tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as file:
        assert file.read("xl/worksheets/sheet1.xml").decode().count("<hyperlink ") == 2
    odd = drawn(link="javascript:alert(1)")
    object.__setattr__(odd, "units", {"link": "link"})
    odd.save(tmp_path / "b.xlsx")
    with zipfile.ZipFile(tmp_path / "b.xlsx") as file:
        assert "hyperlink" not in file.read("xl/worksheets/sheet1.xml").decode()


def test_the_command_prints_lists_and_writes_all_of_them(
    sample_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def run(*arguments: Any) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["funnel", "show", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    with fa.open_warehouse(sample_database) as warehouse:
        due = fa.breaches(warehouse, lists="recycled_due").table
    file = tmp_path / "due.csv"
    base = ["breaches", "--db", sample_database, "--list", "recycled_due"]
    code, out, err = run(*base, "--save", file, "--language", "en")
    assert code == 0
    assert err == f"wrote {file}\n"
    assert f"recycled_due: {len(due)}\n" in out
    assert f"… and {len(due) - 8} more; --save FILE.xlsx writes all" in out
    assert f"{len(due)} recycled leads were due again" in out.replace("\n", " ")
    saved = pd.read_csv(file, comment="#")
    assert saved["lead"].tolist() == due["lead"].tolist()
    code, out, _ = run(*base, "--format", "json")
    assert [row["lead"] for row in json.loads(out)["rows"]] == due["lead"].tolist()
    code, _, err = run("breaches", "--db", sample_database, "--list", "recycled")
    assert (code, "Did you mean 'recycled_due'?" in err) == (2, True)
    code, _, err = run("breaches", "--db", sample_database, "--period", "2026-10")
    assert (code, "takes no period" in err) == (2, True)
    code, _, err = run("conversion", "--db", sample_database, "--list", "recycled_due")
    assert (code, "conversion takes no --list" in err) == (2, True)
