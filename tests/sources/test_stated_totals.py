"""The totals that an export states: their marks, totals without a label, totals nobody can read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from funnel_analytics.checks import run_checks
from funnel_analytics.wording import Words
from tests.sources.crm_exports import CrmExports
from tests.sources.staged import Stage, warehouse

Loaded = Callable[..., CrmExports]
TOTALS = "select column_name, unread, stated, added_up from stated_total order by all"


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    """`loaded(preset, name, text)` loads one file of this name."""

    def build(preset: str, name: str, text: str) -> CrmExports:
        exports = CrmExports(tmp_path / "exports", preset)
        path = exports.folder / name
        path.write_text(text, encoding="utf-8")
        exports.load(path)
        return exports

    return build


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with warehouse() as connection:
        yield Stage(connection, tmp_path)


COSTS = """
[[files]]
pattern = "file.csv"
table = "spend"
delimiter = ";"
decimal = "auto"
missing = ["", "--"]
totals = "Gesamt"
[files.columns]
spent_on = "Tag"
{column} = {header}
[files.constants]
{constant}
"""


@pytest.mark.parametrize(
    ("cost", "total", "stated", "added_up"),
    [
        # Every row is below 1,000: the total alone shows the mark between thousands.
        ("154,20", "43.145,49", 43145.49, 154.20),
        ("154.20", "43,145.49", 43145.49, 154.20),
        ("154,20", "1.154", 1154.0, 154.20),
        ("154", "1.154,00", 1154.0, 154.0),
        ("154,20", "43.145,49 €", 43145.49, 154.20),
        # A row that may be read in two ways is decided by the total.
        ("1.154", "1.154,00", 1154.0, 1154.0),
        ("154,20", "154,20", 154.20, 154.20),
    ],
)
@pytest.mark.parametrize("header", ['"Kosten"', '{ first_of = [["Kosten"], ["Betrag"]] }'])
def test_totals_prove_the_marks_too(
    stage: Stage, header: str, cost: str, total: str, stated: float, added_up: float
) -> None:
    rules = COSTS.format(column="amount", header=header, constant='currency = "EUR"')
    stage.take(rules, f"Tag;Kosten\n2026-09-01;{cost}\nGesamt;{total}\n")
    assert stage.rows(TOTALS) == [("amount", None, stated, added_up)]


@pytest.mark.parametrize("total", ["--", "–", "-", "EUR", ""])
def test_signs_for_nothing_state_no_total(stage: Stage, total: str) -> None:
    rules = COSTS.format(column="amount", header='"Kosten"', constant="")
    stage.take(rules, f"Tag;Kosten\n2026-09-01;154,20\nGesamt;{total}\n")
    assert stage.rows(TOTALS) == []


def google(cost: str, total: str) -> str:
    """A Google report of one row and its total."""
    return (
        "Tag;Kampagne;Währungscode;Kosten\n"
        f"2026-09-01;Brand;EUR;{cost}\nGesamt: Konto;--;EUR;{total}\n"
    )


@pytest.mark.parametrize(("cost", "total"), [("154,20", "43.145,49"), ("154.20", "43,145.49")])
def test_a_total_far_above_its_rows_fails_the_check(loaded: Loaded, cost: str, total: str) -> None:
    exports = loaded("google_ads", "Kampagnenbericht.csv", google(cost, total))
    assert exports.rows(TOTALS) == [("amount", None, 43145.49, 154.20)]
    with exports.warehouse() as opened:
        found = run_checks(opened).table.set_index("check").loc["stated_totals"]
    assert (found["status"], found["offending_rows"], found["of_rows"]) == ("fail", 1, 1)


def test_a_salesforce_report_of_small_deals_states_a_large_total(loaded: Loaded) -> None:
    text = (
        "Opportunity-ID;Phase;Betrag;Erstelldatum;Schlusstermin;Geschlossen;Gewonnen\n"
        "0061;Geschlossen und gewonnen;900,50;13.09.2026;20.09.2026;1;1\n"
        "0062;Geschlossen und gewonnen;800,50;13.09.2026;20.09.2026;1;1\n"
        "Summe;;9.701,00;;;;\n"
    )
    exports = loaded("salesforce", "opportunities.csv", text)
    assert exports.rows(TOTALS) == [("amount", None, 9701.0, 1701.0)]


# Rows prove the comma, the total the point; rows prove nothing, and neither does the total.
@pytest.mark.parametrize(("cost", "total"), [("154,20", "43,145.49"), ("154", "1.154")])
def test_a_total_that_cannot_be_read_is_named_and_stops_nothing(
    loaded: Loaded, cost: str, total: str
) -> None:
    exports = loaded("google_ads", "Kampagnenbericht.csv", google(cost, total))
    value = float(cost.replace(",", "."))
    assert exports.rows(TOTALS) == [("amount", total, None, value)]
    assert exports.rows("select amount from spend") == [(value,)]
    with exports.warehouse() as opened:
        report = run_checks(opened)
    row = report.table.set_index("check").loc["stated_totals"]
    assert (row["status"], row["offending_rows"], row["of_rows"]) == ("fail", 1, 1)
    for language, said in (("de", f"„{total}“ nicht lesbar"), ("en", f"“{total}” cannot be read")):
        lines = Words(language).check_lines(report)
        assert said in " ".join(" ".join(lines).split())


META = """Tag;Kampagnenname;Kampagnen-ID;Ausgegebener Betrag (EUR);Impressionen;Link-Klicks
;;;{total};;
2026-10-05;Messe;6215;12,50;5400;61
2026-10-06;Messe;6215;904,00;600;68
2026-10-06;;;3,00;1;1
"""


@pytest.mark.parametrize("total", ["919,50", "155.796,30"])
def test_the_row_of_meta_that_sums_up_the_others_is_a_total(loaded: Loaded, total: str) -> None:
    # One row has neither day nor campaign: the sum. Another has a day: no sum, and no campaign.
    exports = loaded("meta_ads", "meta.csv", META.format(total=total))
    stated = float(total.replace(".", "").replace(",", "."))
    assert exports.rows(TOTALS) == [("amount", None, stated, 919.5)]
    assert exports.rows(
        "select rows_read, rows_loaded, rows_other, rows_total from load_log "
        "where table_name = 'spend' and part = 'report'"
    ) == [(4, 2, 1, 1)]


def test_a_row_without_anything_is_no_total(loaded: Loaded) -> None:
    exports = loaded("meta_ads", "meta.csv", META.format(total=""))
    assert exports.rows("select rows_total, rows_other from load_log where table_name = 'spend'")[
        0
    ] == (0, 2)
