"""Newer exports take the place of older ones, fact by fact, in whatever order they come."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnel_analytics.errors import CallError, DataError, SourceError
from funnel_analytics.schema import TABLES
from tests.sources.drawn import AGREEMENT, PRESET, Drawn


@pytest.fixture
def drawn(tmp_path: Path) -> Drawn:
    return Drawn(tmp_path / "drawn")


#            August  September  October        a was corrected in September, b never restated,
# leads_…    a b     a c        c d            c moved from inbound to partner in October
AUGUST = "lead,created,origin\na,2026-08-01,inbound\nb,2026-08-02,inbound"
SEPTEMBER = "lead,created,origin\na,2026-08-01,outbound\nc,2026-09-01,inbound"
OCTOBER = "lead,created,origin\nc,2026-09-01,partner\nd,2026-10-01,inbound"
MONTHS = {
    "leads_2026-08-31.csv": AUGUST,
    "leads_2026-09-30.csv": SEPTEMBER,
    "leads_2026-10-31.csv": OCTOBER,
}
AS_IT_IS = [("crm:a", "outbound"), ("crm:b", "inbound"), ("crm:c", "partner"), ("crm:d", "inbound")]


def test_the_newest_export_of_an_id_counts_and_older_ids_stay(drawn: Drawn) -> None:
    for name, text in MONTHS.items():
        drawn.load({name: text})
    assert drawn.rows("select lead, origin from lead order by lead") == AS_IT_IS
    assert drawn.log("file, rows_read, rows_loaded, rows_superseded") == [
        ("leads_2026-08-31.csv", 2, 1, 1),
        ("leads_2026-09-30.csv", 2, 1, 1),
        ("leads_2026-10-31.csv", 2, 2, 0),
    ]


@pytest.mark.parametrize("order", [(2, 1, 0), (1, 2, 0), (2, 0, 1)])
def test_the_order_of_loading_changes_nothing(drawn: Drawn, order: tuple[int, ...]) -> None:
    for number in order:
        name = list(MONTHS)[number]
        drawn.load({name: MONTHS[name]})
    assert drawn.rows("select lead, origin from lead order by lead") == AS_IT_IS
    assert sorted(drawn.log("file, rows_loaded, rows_superseded")) == [
        ("leads_2026-08-31.csv", 1, 1),
        ("leads_2026-09-30.csv", 1, 1),
        ("leads_2026-10-31.csv", 2, 0),
    ]


def test_together_is_as_one_after_the_other(drawn: Drawn) -> None:
    drawn.load(dict(reversed(MONTHS.items())))
    assert drawn.rows("select lead, origin from lead order by lead") == AS_IT_IS


facts = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(["x", "y"])),
    min_size=1,
    max_size=4,
    unique_by=lambda fact: fact[0],
)


@settings(max_examples=6)
@given(st.tuples(facts, facts, facts), st.permutations([0, 1, 2]))
def test_any_order_of_any_three_exports_gives_the_newest_of_each_fact(
    tmp_path_factory: pytest.TempPathFactory,
    exports: tuple[list[tuple[str, str]], ...],
    order: list[int],
) -> None:
    # Second implementation: a dict that the exports write to in the order of their days.
    drawn = Drawn(tmp_path_factory.mktemp("law"))
    for number in order:
        lines = "\n".join(f"{lead},2026-08-01,{origin}" for lead, origin in exports[number])
        drawn.load({f"leads_2026-09-0{number + 1}.csv": f"lead,created,origin\n{lines}"})
    expected = {f"crm:{lead}": origin for export in exports for lead, origin in export}
    assert dict(drawn.rows("select lead, origin from lead")) == expected
    assert drawn.rows("select sum(rows_loaded + rows_superseded) from load_log") == [
        (sum(map(len, exports)),)
    ]


def test_a_day_of_costs_is_restated_whole(drawn: Drawn) -> None:
    #               1 Sep          2 Sep
    # exported 2nd  brand 10 + 5   -             two ad groups of one campaign: 15
    # exported 3rd  brand 20       brand 7       corrected: 20
    drawn.load({"costs_2026-09-02.csv": "day,campaign,amount\n2026-09-01,brand,10\n"
                "2026-09-01,brand,5\n2026-09-01,other,1"})  # fmt: skip
    drawn.load({"costs_2026-09-03.csv": "day,campaign,amount\n2026-09-01,brand,20\n"
                "2026-09-02,brand,7"})  # fmt: skip
    assert drawn.rows(
        "select spent_on, campaign, sum(amount) from spend group by all order by all"
    ) == [
        (date(2026, 9, 1), "crm:brand", 20.0),
        (date(2026, 9, 1), "crm:other", 1.0),
        (date(2026, 9, 2), "crm:brand", 7.0),
    ]
    assert drawn.log("rows_loaded, rows_superseded") == [(1, 2), (2, 0)]


def test_costs_of_two_files_of_one_day_that_contradict_are_refused(drawn: Drawn) -> None:
    costs = "day,campaign,amount\n2026-09-01,brand,{}"
    with pytest.raises(SourceError, match=r"costs_a\.csv and costs_b\.csv both state 1 fact of "
                       r"spend .*first: line 2.*nothing says which is newer"):  # fmt: skip
        drawn.load({"costs_a.csv": costs.format(1), "costs_b.csv": costs.format(2)})
    assert not drawn.database.exists()


def test_costs_of_two_files_of_different_campaigns_add_up(drawn: Drawn) -> None:
    costs = "day,campaign,amount\n2026-09-01,{},{}"
    drawn.load({"costs_a.csv": costs.format("x", 1), "costs_b.csv": costs.format("y", 2)})
    assert drawn.rows("select sum(amount) from spend") == [(3.0,)]


def test_histories_are_united_and_an_entry_stated_twice_is_one(drawn: Drawn) -> None:
    # a ── opp (stated twice) ── won (late row, only in the newer export)
    # b ── out (only in the older export)
    drawn.load({
        "leads_2026-09-30.csv": "lead,created\na,2026-08-01\nb,2026-08-01",
        "history_2026-09-30.csv": "lead,state,at\na,opp,2026-08-05\nb,out,2026-08-06",
    })  # fmt: skip
    drawn.load({"history_2026-10-31.csv": "lead,state,at\na,opp,2026-08-05\na,won,2026-08-20"})
    assert drawn.rows("select lead, stage, status from stage_event order by entered_at") == [
        ("crm:a", "opportunity", None),
        ("crm:b", None, "rejected"),
        ("crm:a", "won", "won"),
    ]


def test_an_older_export_that_comes_late_disturbs_nothing(drawn: Drawn) -> None:
    drawn.load({"leads_2026-10-31.csv": OCTOBER})
    before = drawn.rows("select lead, origin from lead order by lead")
    report = drawn.load({"leads_2026-08-31.csv": AUGUST + "\nc,2026-08-30,late"})
    after = drawn.rows("select lead, origin from lead order by lead")
    assert after == [("crm:a", "inbound"), ("crm:b", "inbound"), *before]
    assert report.superseded == (
        "leads_2026-08-31.csv is the older export: 1 of its rows is restated by "
        "leads_2026-10-31.csv, loaded before (1 of lead)",
    )
    assert report.as_of == datetime(2026, 11, 1)


def test_visits_without_an_id_are_alike_only_as_a_whole(drawn: Drawn) -> None:
    # The later export overlaps with the earlier one at 10:00; the visit at 09:00 is its own, and
    # the two visits alike at 08:00 are both in the earlier export alone.
    drawn.load({"visits_2026-09-02.csv": "person,at,channel\np,2026-09-01T08:00:00Z,ads\n"
                "p,2026-09-01T08:00:00Z,ads\np,2026-09-01T10:00:00Z,ads"})  # fmt: skip
    drawn.load({"visits_2026-09-03.csv": "person,at,channel\np,2026-09-01T10:00:00Z,ads\n"
                "p,2026-09-01T09:00:00Z,mail"})  # fmt: skip
    assert drawn.rows("select hour(touched_at), load_no from touch order by all") == [
        (8, 1), (8, 1), (9, 2), (10, 2)
    ]  # fmt: skip


def test_visits_with_an_id_are_one_by_it(drawn: Drawn) -> None:
    drawn.load({"visits_2026-09-02.csv": "visit,person,at,channel\nv,p,2026-09-01,ads"})
    drawn.load({"visits_2026-09-03.csv": "visit,person,at,channel\nv,p,2026-09-01,mail"})
    assert drawn.rows("select touch, channel from touch") == [("crm:v", "mail")]


def test_free_attributes_go_with_their_lead(tmp_path: Path) -> None:
    wide = PRESET.replace('merged_into = "merged_into"\n', '[files.attributes]\nsize = "size"\n')
    wide = wide.replace('optional = ["origin", "merged_into"]', 'optional = ["origin"]')
    drawn = Drawn(tmp_path / "wide", preset=wide)
    drawn.load({"leads_2026-09-01.csv": "lead,created,size\na,2026-08-01,big\nb,2026-08-01,big"})
    drawn.load({"leads_2026-09-02.csv": "lead,created,size\na,2026-08-01,small"})
    assert drawn.rows("select lead, value from lead_field order by lead") == [
        ("crm:a", "small"),
        ("crm:b", "big"),
    ]


def test_the_same_file_elsewhere_is_not_loaded_twice(drawn: Drawn) -> None:
    drawn.load({"leads_2026-08-31.csv": AUGUST})
    stamp = drawn.database.stat().st_mtime_ns
    report = drawn.load({"copy/leads_2026-08-31.csv": AUGUST})
    assert report.is_unchanged
    assert report.known == ("leads_2026-08-31.csv",)
    assert drawn.database.stat().st_mtime_ns == stamp


def test_the_same_content_of_a_later_day_is_an_export_of_its_own(drawn: Drawn) -> None:
    # a ── inbound ── outbound ── inbound again
    drawn.load({"leads_2026-08-31.csv": AUGUST, "leads_2026-09-30.csv": SEPTEMBER})
    drawn.load({"leads_2026-10-31.csv": AUGUST})
    assert drawn.rows("select origin from lead where lead = 'crm:a'") == [("inbound",)]


def test_undated_copies_are_one_file(drawn: Drawn) -> None:
    drawn.load({"leads_1.csv": AUGUST})
    report = drawn.load({"leads_2.csv": AUGUST})
    assert (report.is_unchanged, report.known) == (True, ("leads_2.csv",))


def test_a_file_of_old_beside_a_new_one_is_not_read_again(drawn: Drawn) -> None:
    drawn.load({"leads_2026-08-31.csv": AUGUST})
    report = drawn.load(dict(list(MONTHS.items())[:2]))
    assert report.known == ("leads_2026-08-31.csv",)
    assert drawn.log("load_no, file") == [(1, "leads_2026-08-31.csv"), (2, "leads_2026-09-30.csv")]


def test_another_text_of_the_preset_reads_its_file_anew_and_no_other(drawn: Drawn) -> None:
    drawn.load(MONTHS)
    text = drawn.preset.read_text(encoding="utf-8")
    text = text.replace('origin = "origin"\n', 'origin = "origin"\nchannel = "origin"\n', 1)
    drawn.preset.write_text(text, encoding="utf-8")
    drawn.load({"leads_2026-10-31.csv": OCTOBER})
    assert drawn.rows("select lead, channel from lead order by lead") == [
        ("crm:a", None),
        ("crm:b", None),
        ("crm:c", "partner"),
        ("crm:d", "inbound"),
    ]
    assert drawn.rows("select count(*) from load_log") == [(3,)]


def test_what_a_replaced_reading_had_restated_is_read_from_the_older_file_again(
    drawn: Drawn,
) -> None:
    # September restated a. Read by another preset that leaves a out, a is August's again.
    files = dict(list(MONTHS.items())[:2])
    drawn.load(files)
    text = drawn.preset.read_text(encoding="utf-8")
    drawn.load(files, agreement=drawn.agreement)
    only = '[files.where]\norigin = ["inbound"]\n\n[[files]]\npattern = "history'
    drawn.preset.write_text(text.replace('[[files]]\npattern = "history', only), encoding="utf-8")
    drawn.load(files)
    assert drawn.rows("select lead, origin from lead order by lead") == [
        ("crm:a", "inbound"),
        ("crm:b", "inbound"),
        ("crm:c", "inbound"),
    ]


def test_replacing_restores_what_a_dropped_file_had_restated(drawn: Drawn) -> None:
    drawn.load(MONTHS)
    report = drawn.load({"leads_2026-08-31.csv": AUGUST}, replace=True)
    assert drawn.rows("select lead, origin from lead order by lead") == [
        ("crm:a", "inbound"),
        ("crm:b", "inbound"),
    ]
    assert report.replaced == ("leads_2026-09-30.csv (1 row)", "leads_2026-10-31.csv (2 rows)")


def test_a_changed_agreement_reads_the_files_given_and_keeps_the_rest(drawn: Drawn) -> None:
    drawn.load({"leads_2026-08-31.csv": AUGUST, "history_2026-08-31.csv":
                "lead,state,at\na,opp,2026-08-05"})  # fmt: skip
    drawn.agreement.write_text(
        AGREEMENT.replace('"opp", ', "").replace('rejected = ["out"', 'rejected = ["out", "opp"'),
        encoding="utf-8",
    )
    drawn.load({"leads_2026-09-30.csv": SEPTEMBER})
    assert drawn.rows("select stage, status from stage_event") == [(None, "rejected")]


def test_rows_under_another_privacy_rule_are_not_kept(drawn: Drawn) -> None:
    drawn.load({"leads_2026-08-31.csv": AUGUST})
    text = drawn.agreement.read_text(encoding="utf-8")
    assert 'ids = "plain"' in text
    drawn.agreement.write_text(text.replace('ids = "plain"', 'ids = "pseudonym"'), encoding="utf-8")
    with pytest.raises(CallError, match=r"\[privacy\] is another .* leads_2026-08-31\.csv"):
        drawn.load({"leads_2026-09-30.csv": SEPTEMBER})
    drawn.load(dict(list(MONTHS.items())[:2]))
    found = drawn.rows("select count(*) from lead where lead like 'crm:_'")
    assert found == [(0,)]


def test_rows_with_another_systems_web_users_are_not_kept(drawn: Drawn) -> None:
    drawn.load({"leads_2026-08-31.csv": AUGUST})
    text = drawn.agreement.read_text(encoding="utf-8")
    drawn.agreement.write_text(text + '\n[identity]\nweb_user_ids = "crm"\n', encoding="utf-8")
    with pytest.raises(CallError, match=r"web_user_ids is another .* leads_2026-08-31\.csv"):
        drawn.load({"leads_2026-09-30.csv": SEPTEMBER})


def test_equal_ids_of_files_of_one_day_have_to_agree(drawn: Drawn) -> None:
    with pytest.raises(SourceError, match=r"column 'origin': 'x' and 'y'"):
        drawn.load({"leads_1.csv": "lead,created,origin\na,2026-08-01,x",
                    "leads_2.csv": "lead,created,origin\na,2026-08-01,y"})  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        # An undated file is as old as its last day, and no older than what was loaded before it;
        # equally old, the later load counts.
        (("leads_1.csv", "2026-08-02", {}), ("leads_2.csv", "2026-08-02", {}), "second"),
        (("leads_1.csv", "2026-08-02", {}), ("leads_2.csv", "2026-08-01", {}), "second"),
        (("leads_2026-08-20.csv", "2026-08-02", {}), ("leads_2.csv", "2026-08-01", {}), "second"),
        # A dated one that comes after an undated one may be older.
        (("leads_1.csv", "2026-08-20", {}), ("leads_2026-08-10.csv", "2026-08-02", {}), "first"),
        # What was given for the earlier file holds for the undated later one.
        (("leads_1.csv", "2026-08-02", {"as_of": date(2026, 9, 1)}),
         ("leads_2.csv", "2026-08-01", {}), "second"),
        # The day in a name goes before the instant given for files that say nothing.
        (("leads_2026-08-20.csv", "2026-08-02", {}),
         ("leads_2026-08-10.csv", "2026-08-02", {"as_of": date(2026, 9, 1)}), "first"),
        # A day in a name before the file's own last day is not the day of the export.
        (("leads_2026-08-20.csv", "2026-08-02", {}),
         ("leads_since_2026-01-01.csv", "2026-08-21", {}), "second"),
    ],
)  # fmt: skip
def test_which_export_is_newer(drawn: Drawn, first: Any, second: Any, expected: str) -> None:
    for origin, (name, day, options) in (("first", first), ("second", second)):
        text = f"lead,created,origin\na,2026-08-01,{origin}\n{origin},{day},x"
        drawn.load({name: text}, **options)
    assert drawn.rows("select origin from lead where lead = 'crm:a'") == [(expected,)]


def test_how_an_export_was_dated_is_in_the_log(drawn: Drawn) -> None:
    drawn.load({"leads_2026-08-31.csv": AUGUST})
    drawn.load({"leads_given.csv": SEPTEMBER}, as_of=date(2026, 10, 2))
    drawn.load({"history.csv": "lead,state,at\na,opp,2026-08-05T10:00:00Z"})
    assert drawn.log("exported_at, exported_at_source") == [
        (datetime(2026, 9, 1), "the day in the file's name"),
        (datetime(2026, 10, 2), "given"),
        (datetime(2026, 8, 6), "end of the last day in the file"),
    ]


def test_a_dated_export_says_what_the_warehouse_describes(drawn: Drawn) -> None:
    report = drawn.load({"leads_2026-08-31.csv": AUGUST})
    assert (report.as_of, report.as_of_source) == (
        datetime(2026, 9, 1),
        "the newest export's own date",
    )


def test_every_table_can_be_restated(drawn: Drawn) -> None:
    # Each table's fact is made of its own columns, and restating it asks for no other.
    for table in TABLES.values():
        assert table.fact
        assert {table.column(each) is not None for each in table.fact} == {True}


def test_a_write_ahead_log_beside_the_warehouse_stops_the_load(drawn: Drawn) -> None:
    drawn.load({"leads_2026-08-31.csv": AUGUST})
    drawn.database.with_name("w.duckdb.wal").write_bytes(b"x")
    with pytest.raises(DataError, match=r"w\.duckdb\.wal lies beside w\.duckdb"):
        drawn.load({"leads_2026-09-30.csv": SEPTEMBER})
