"""Cost reports of advertising systems: what was spent per campaign and day, to the cent."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from funnel_analytics.errors import SourceError
from funnel_analytics.sources import load
from funnel_analytics.warehouse import connect

Rows = list[tuple[Any, ...]]
Loaded = Callable[..., Path]

SPEND = (
    "select spent_on, campaign, round(amount, 6), currency, impressions, clicks from spend "
    "order by spent_on, campaign, amount"
)
CAMPAIGNS = "select campaign, name, channel from campaign order by campaign"
LOG = (
    "select table_name, part, rows_read, rows_loaded, rows_quarantined, rows_duplicate, "
    "rows_other, rows_total from load_log order by table_name, part"
)


def rows(database: Path, sql: str) -> Rows:
    with connect(database, read_only=True) as connection:
        return connection.execute(sql).fetchall()


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    """`loaded(preset, {name: bytes or text}, …)` loads files of these names."""

    def build(preset: str, files: dict[str, str | bytes], **options: Any) -> Path:
        folder = tmp_path / f"exports-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            (folder / name).write_bytes(data)
        database = folder.with_suffix(".duckdb")
        load([folder], preset=preset, database=database, **options)
        return database

    return build


# ── Google Ads. Three rows of two campaigns, 12.34 + 1,020.50 + 3.10; three total rows that say so.

GOOGLE_EN = """Campaign report
"September 1, 2026 - September 3, 2026"
Day,Campaign,Campaign ID,Currency code,Cost,Impr.,Clicks,Conversions,Search impr. share
2026-09-01,"Roofs, spring",111,EUR,12.34,"1,234",7,1.00,> 90 %
2026-09-02,"Roofs, spring",111,EUR,"1,020.50","10,500",88,2.50,--
2026-09-01,Brand,222,EUR,3.10,40,--,0.00,< 10 %
Total: Account,--,--,EUR,"1,035.94","11,774",95,3.50,--
Total: Search,--,--,EUR,"1,035.94","11,774",95,3.50,--
Total: Campaigns,--,--,EUR,"1,035.94","11,774",95,3.50,--
"""
GOOGLE_DE = """Kampagnenbericht
"1. September 2026 - 3. September 2026"
Tag;Kampagne;Kampagnen-ID;Währungscode;Kosten;Impr.;Klicks;Conversions
2026-09-01;Roofs, spring;111;EUR;12,34;1.234;7;1,00
2026-09-02;Roofs, spring;111;EUR;1.020,50;10.500;88;2,50
2026-09-01;Brand;222;EUR;3,10;40;--;0,00
Gesamt: Konto;--;--;EUR;1.035,94;11.774;95;3,50
"""
GOOGLE = [
    (date(2026, 9, 1), "google_ads:111", 12.34, "EUR", 1234, 7),
    (date(2026, 9, 1), "google_ads:222", 3.10, "EUR", 40, None),
    (date(2026, 9, 2), "google_ads:111", 1020.50, "EUR", 10500, 88),
]


def tabbed(text: str) -> bytes:
    """What Google's "Excel .csv" is: UTF-16 with a mark, tabs, CRLF."""
    lines = list(csv.reader(text.splitlines()))
    return "\r\n".join("\t".join(row) for row in lines).encode("utf-16")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("Campaign report.csv", GOOGLE_EN),
        ("Campaign report (1).csv", "\ufeff" + GOOGLE_EN),
        ("Campaign report.csv", tabbed(GOOGLE_EN)),
        ("Kampagnenbericht.csv", GOOGLE_DE),
        ("Kampagnenbericht.csv", GOOGLE_DE.encode("cp1252")),
    ],
    ids=["english", "mark", "utf-16 tabs", "german", "german cp1252"],
)
def test_google_reports_say_the_same_in_every_form(
    loaded: Loaded, name: str, content: str | bytes
) -> None:
    database = loaded("google_ads", {name: content})
    assert rows(database, SPEND) == GOOGLE
    assert rows(database, CAMPAIGNS) == [
        ("google_ads:111", "Roofs, spring", "Google Ads"),
        ("google_ads:222", "Brand", "Google Ads"),
    ]
    assert rows(database, "select distinct channel from spend") == [("Google Ads",)]


def test_google_total_rows_are_no_spend_and_are_kept_beside_it(loaded: Loaded) -> None:
    database = loaded("google_ads", {"Campaign report.csv": GOOGLE_EN})
    # 6 records: 3 rows and 3 totals; of 3 campaigns' rows 1 says the same again.
    assert rows(database, LOG) == [
        ("campaign", "report", 6, 2, 0, 1, 0, 3),
        ("spend", "report", 6, 3, 0, 0, 0, 3),
    ]
    said = rows(
        database,
        "select distinct column_name, stated from stated_total where column_name = 'amount'",
    )
    assert said == [("amount", 1035.94)]


def test_google_report_as_workbook_with_typed_days(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    with xlsxwriter.Workbook(folder / "Campaign report.xlsx") as book:
        sheet = book.add_worksheet("Campaign report")
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, ["Campaign report"])
        sheet.write_row(1, 0, ["September 1, 2026 - September 2, 2026"])
        sheet.write_row(2, 0, ["Day", "Campaign", "Currency code", "Cost", "Clicks"])
        sheet.write_datetime(3, 0, date(2026, 9, 1), day)
        sheet.write_row(3, 1, ["Brand", "EUR", 1020.5, 88])
        sheet.write_row(4, 0, ["Total: Account", "--", "EUR", 1020.5, 88])
    load([folder], preset="google_ads", database=tmp_path / "w.duckdb")
    assert rows(tmp_path / "w.duckdb", SPEND) == [
        (date(2026, 9, 1), "google_ads:Brand", 1020.5, "EUR", None, 88)
    ]


def test_google_report_by_week_is_refused_since_it_has_no_day(loaded: Loaded) -> None:
    weekly = 'Campaign report\n"September 2026"\nWeek,Campaign,Currency code,Cost\n'
    with pytest.raises(SourceError, match="'Day' or 'Tag'"):
        loaded("google_ads", {"Campaign report.csv": weekly + "2026-08-31,Brand,EUR,70.00\n"})


def test_google_api_rows_in_three_spellings(loaded: Loaded) -> None:
    nested = (
        '{"campaign": {"id": "111"}, "metrics": {"costMicros": "12340000", "impressions": "5", '
        '"clicks": "2"}, "segments": {"date": "2026-09-01"}}\n'
        '{"campaign": {"id": "111"}, "metrics": {"costMicros": "1", "impressions": "0", '
        '"clicks": "0"}, "segments": {"date": "2026-09-02"}}\n'
    )
    transfer = (
        "campaign_id,segments_date,metrics_cost_micros,metrics_impressions,metrics_clicks\n"
        "111,2026-09-01,12340000,5,2\n111,2026-09-02,1,0,0\n"
    )
    elt = "id,date,cost_micros,impressions,clicks\n111,2026-09-01,12340000,5,2\n"
    elt += "111,2026-09-02,1,0,0\n"
    expected = [
        (date(2026, 9, 1), "google_ads:111", 12.34, None, 5, 2),
        (date(2026, 9, 2), "google_ads:111", 0.000001, None, 0, 0),
    ]
    for name, text in (
        ("google_ads_api.jsonl", nested),
        ("p_ads_CampaignBasicStats_1.csv", transfer),
        ("campaign_stats.csv", elt),
    ):
        assert rows(loaded("google_ads", {name: text}), SPEND) == expected, name


# ── LinkedIn Ads: 33.33 + 1,234.50

LINKEDIN = """Campaign Performance Report (in UTC)
Report Start: 9/13/2026, Report End: 9/14/2026
Date Generated: 9/15/2026

Start Date (in UTC),Account Name,Campaign Name,Campaign ID,Currency,Total Spent,Impressions,Clicks
09/13/2026,Acme,"Leads, engineers",11,EUR,33.33,1000,4
09/14/2026,Acme,"Leads, engineers",11,EUR,"1,234.50",1100,5
"""


@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
def test_linkedin_report_with_lines_above_its_header(loaded: Loaded, codec: str) -> None:
    text = LINKEDIN if codec == "utf-8" else tabbed(LINKEDIN).decode("utf-16")
    name = "account_507_campaign_performance_report.csv"
    database = loaded("linkedin_ads", {name: text.encode(codec)})
    assert rows(database, SPEND) == [
        (date(2026, 9, 13), "linkedin_ads:11", 33.33, "EUR", 1000, 4),
        (date(2026, 9, 14), "linkedin_ads:11", 1234.50, "EUR", 1100, 5),
    ]
    assert rows(database, CAMPAIGNS) == [("linkedin_ads:11", "Leads, engineers", "LinkedIn Ads")]


def test_linkedin_days_that_may_be_months_are_asked_for(loaded: Loaded) -> None:
    doubtful = LINKEDIN.replace("09/13/", "09/03/").replace("09/14/", "09/04/")
    with pytest.raises(SourceError, match="--date-format"):
        loaded("linkedin_ads", {"linkedin_report.csv": doubtful})
    database = loaded("linkedin_ads", {"linkedin_report.csv": doubtful}, date_format="%m/%d/%Y")
    found = rows(database, "select min(spent_on), max(spent_on) from spend")
    assert found == [(date(2026, 9, 3), date(2026, 9, 4))]


# ── Meta Ads: 12.50 + 1,204.00; the row without a campaign sums up the others.

META_DE = """Tag;Kampagnenname;Kampagnen-ID;Ausgegebener Betrag (EUR);Impressionen;Link-Klicks
;;;1216,5;6000;129
2026-10-05;Messe, Herbst;6215;12,50;5400;61
2026-10-06;Messe, Herbst;6215;1204;600;68
"""
META_EN = """Day,Campaign name,Campaign ID,Amount spent (EUR),Impressions,Link clicks,Reach
2026-10-05,"Messe, Herbst",6215,12.50,5400,61,4100
2026-10-06,"Messe, Herbst",6215,1204,600,68,510
"""


@pytest.mark.parametrize("text", ["\ufeff" + META_DE, META_EN], ids=["german", "english"])
def test_meta_report_takes_its_currency_from_the_header(loaded: Loaded, text: str) -> None:
    database = loaded("meta_ads", {"meta_ads.csv": text})
    assert rows(database, SPEND) == [
        (date(2026, 10, 5), "meta_ads:6215", 12.5, "EUR", 5400, 61),
        (date(2026, 10, 6), "meta_ads:6215", 1204.0, "EUR", 600, 68),
    ]
    assert rows(database, CAMPAIGNS) == [("meta_ads:6215", "Messe, Herbst", "Meta Ads")]


def test_meta_summary_row_is_a_total_and_no_spend(loaded: Loaded) -> None:
    database = loaded("meta_ads", {"meta_ads.csv": META_DE})
    assert rows(database, LOG)[1] == ("spend", "report", 3, 2, 0, 0, 0, 1)
    assert rows(database, "select column_name, stated, added_up from stated_total order by 1") == [
        ("amount", 1216.5, 1216.5),
        ("clicks", 129.0, 129.0),
        ("impressions", 6000.0, 6000.0),
    ]


def test_meta_report_of_a_whole_period_is_refused(loaded: Loaded) -> None:
    # "Reporting starts" is the first day of the period, not the day of the cost.
    whole = "Reporting starts,Reporting ends,Campaign name,Amount spent (EUR)\n"
    with pytest.raises(SourceError, match="'Day' or 'Tag'"):
        loaded("meta_ads", {"meta_ads.csv": whole + "2026-10-01,2026-10-31,Messe,10.00\n"})


# ── The same day again


def test_a_restated_day_takes_the_place_of_the_older_one(tmp_path: Path) -> None:
    database = tmp_path / "w.duckdb"
    header = "Day,Campaign,Campaign ID,Currency code,Cost\n"
    for name, text in (
        ("Campaign report 2026-09-02.csv", "2026-09-01,A,1,EUR,10.00\n2026-09-02,A,1,EUR,5.00\n"),
        ("Campaign report 2026-09-04.csv", "2026-09-02,A,1,EUR,7.00\n2026-09-03,A,1,EUR,1.00\n"),
    ):
        path = tmp_path / name
        path.write_text(header + text, encoding="utf-8")
        load([path], preset="google_ads", database=database)
    assert rows(database, "select spent_on, amount from spend order by all") == [
        (date(2026, 9, 1), 10.0),
        (date(2026, 9, 2), 7.0),
        (date(2026, 9, 3), 1.0),
    ]


# ── Real column shapes, summed by Python's csv


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def total(records: list[dict[str, str]], column: str) -> Decimal:
    return sum((Decimal(each[column]) for each in records if each[column]), Decimal(0))


@pytest.mark.real_data
def test_google_tables_of_an_elt_tool(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "fivetran_seeds" / "dbt_google_ads"
    database = tmp_path / "w.duckdb"
    load([folder], preset="google_ads", database=database)
    records = read(folder / "campaign_stats_data.csv")
    assert len(records) == 16
    assert total(records, "cost_micros") == 231_330_000
    found = rows(
        database,
        "select count(*), round(sum(amount), 6), sum(impressions), sum(clicks) from spend",
    )
    impressions, clicks = total(records, "impressions"), total(records, "clicks")
    assert found == [(16, 231.33, impressions, clicks)] == [(16, 231.33, 1854, 280)]
    by_day = rows(database, "select spent_on, sum(amount) from spend group by all")
    expected = {each["date"]: Decimal(each["cost_micros"]) / 10**6 for each in records}
    assert {f"{day}": amount for day, amount in by_day} == pytest.approx(
        {day: float(amount) for day, amount in expected.items()}, abs=1e-9
    )
    assert rows(database, CAMPAIGNS) == [("google_ads:9935249409", None, "Google Ads")]


@pytest.mark.real_data
def test_linkedin_tables_of_an_elt_tool(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "fivetran_seeds" / "dbt_linkedin"
    database = tmp_path / "w.duckdb"
    load([folder], preset="linkedin_ads", database=database)
    records = read(folder / "linkedin_ad_analytics_by_campaign_data.csv")
    spent = total(records, "cost_in_local_currency")
    found = rows(
        database,
        "select count(*), round(sum(amount), 6), sum(impressions), sum(clicks), min(spent_on), "
        "max(spent_on), count(distinct campaign) from spend",
    )
    assert (len(records), float(spent)) == (20, 530.62)
    assert found == [
        (
            20,
            float(spent),
            total(records, "impressions"),
            total(records, "clicks"),
            date(2020, 3, 23),
            date(2021, 5, 25),
            4,
        )
    ]
    # A campaign that was renamed is one campaign.
    versions = read(folder / "linkedin_campaign_history_data.csv")
    campaigns = {each["id"] for each in versions}
    assert (len(versions), len(campaigns)) == (100, 12)
    assert rows(database, "select count(*), count(distinct campaign) from campaign") == [(12, 12)]


@pytest.mark.real_data
def test_meta_tables_of_an_elt_tool(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "fivetran_seeds" / "dbt_facebook_ads"
    database = tmp_path / "w.duckdb"
    load([folder], preset="meta_ads", database=database)
    records = read(folder / "facebook_ads_basic_ad_data.csv")
    assert total(records, "spend") == Decimal("643.63")  # one of them is written "144."
    found = rows(
        database,
        "select count(*), round(sum(amount), 6), sum(impressions), sum(clicks) from spend",
    )
    assert found == [
        (10, 643.63, total(records, "impressions"), total(records, "inline_link_clicks"))
    ]
    ads = {f"meta_ads:{each['ad_id']}" for each in records}
    assert {each for (each,) in rows(database, "select campaign from spend")} == ads
    assert rows(database, "select count(*) from campaign") == [(4,)]
