"""Dates and numbers are read in the form they prove, and refused where they prove none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnel_analytics.errors import SourceError
from funnel_analytics.periods import to_utc
from tests.sources.staged import Stage, warehouse

DEAL = """
[[files]]
pattern = "*.csv"
table = "deal"
delimiter = ";"
decimal = "auto"
{more}
[files.columns]
deal = "Id"
{columns}
"""
ENGLISH = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
GERMAN = ["Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September",
          "Oktober", "November", "Dezember"]  # fmt: skip
FEW = settings(max_examples=6)  # each example is a whole file


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with warehouse() as connection:
        yield Stage(connection, tmp_path_factory.mktemp("forms"))


def read(
    stage: Stage, column: str, texts: Sequence[str], *, more: str = "", forms: Sequence[str] = ()
) -> list[object]:
    """The values of one column of deals, in order, when its texts are these."""
    lines = "".join(f'D{number};"{text}"\n' for number, text in enumerate(texts))
    rules = DEAL.format(columns=f'{column} = "X"', more=more)
    stage.take(rules, f"Id;X\n{lines}", date_formats=forms)
    found = stage.rows(
        f"select {column} from deal where load_no = {stage.loads} order by source_row"
    )
    return [value for (value,) in found]


def form(stage: Stage) -> tuple[str, bool]:
    """How the last load read its column."""
    ((text, is_detected),) = stage.rows(
        f"select form, is_detected from load_columns where load_no = {stage.loads} and header = 'X'"
    )
    return text, is_detected


DATE_FORMS = {
    "iso": lambda at: f"{at:%Y-%m-%d %H:%M:%S}",
    "iso_t": lambda at: f"{at:%Y-%m-%dT%H:%M:%S}.000",
    "german": lambda at: f"{at:%d.%m.%Y %H:%M:%S}",
    "german_short": lambda at: f"{at.day}.{at.month}.{at.year} {at:%H:%M:%S}",
    "german_comma": lambda at: f"{at:%d.%m.%Y, %H:%M:%S}",
    "british": lambda at: f"{at:%d/%m/%Y %H:%M:%S}",
    "american": lambda at: f"{at.month}/{at.day}/{at.year} {at:%H:%M:%S}",
    "american_half": lambda at: f"{at.month}/{at.day}/{at.year} {at.hour % 12 or 12}:{at:%M:%S} "
    + ("AM" if at.hour < 12 else "PM"),
    "dashed": lambda at: f"{at:%d-%m-%Y %H:%M:%S}",
    "year_first": lambda at: f"{at:%Y/%m/%d %H:%M:%S}",
    "english": lambda at: f"{ENGLISH[at.month - 1]} {at.day}, {at.year} {at:%H:%M:%S}",
    "named": lambda at: f"{at.day} {ENGLISH[at.month - 1]} {at.year} {at:%H:%M:%S}",
    "german_named": lambda at: f"{at.day}. {GERMAN[at.month - 1]} {at.year} {at:%H:%M:%S}",
}  # fmt: skip
SECONDS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(
    lambda at: at.replace(microsecond=0)
)


@pytest.mark.parametrize("name", DATE_FORMS)
def test_a_date_is_the_same_in_every_form_that_is_detected(stage: Stage, name: str) -> None:
    write = DATE_FORMS[name]

    @FEW
    @given(st.lists(SECONDS, min_size=1, max_size=80))
    def law(instants: list[datetime]) -> None:
        # Berlin leaves out 02:00–03:00 once a year; the 25th proves which part is the day.
        proof = datetime(2024, 11, 25, 13, 7, 9)
        instants = [at for at in [proof, *instants] if not (at.month == 3 and at.hour == 2)]
        expected = [to_utc(at, "Europe/Berlin") for at in instants]
        assert read(stage, "closed_at", [write(at) for at in instants]) == expected

    law()


NUMBER_FORMS = {
    "point": lambda value: f"{value:.2f}",
    "comma": lambda value: f"{value:.2f}".replace(".", ","),
    "english": lambda value: f"{value:,.2f}",
    "german": lambda value: f"{value:,.2f}".translate(str.maketrans(",.", ".,")),
    "swiss": lambda value: f"{value:,.2f}".replace(",", "’"),
    "french": lambda value: f"{value:,.2f}".replace(",", "\u202f").replace(".", ","),
    "minus": lambda value: f"{value:.2f}".replace("-", "−"),
}  # fmt: skip
CENTS = st.integers(-(10**11), 10**11).map(lambda cents: cents / 100)


@pytest.mark.parametrize("name", NUMBER_FORMS)
def test_a_number_is_the_same_in_every_form_that_is_detected(stage: Stage, name: str) -> None:
    write = NUMBER_FORMS[name]

    @FEW
    @given(st.lists(CENTS, min_size=1, max_size=80))
    def law(values: list[float]) -> None:
        assert read(stage, "amount", [write(value) for value in values]) == values

    law()


@FEW
@given(days=st.lists(st.tuples(st.integers(1, 12), st.integers(1, 12)), min_size=1, max_size=9))
@pytest.mark.parametrize("mark", [".", "/", "-"])
def test_days_and_months_that_nothing_tells_apart_are_refused(
    stage: Stage, mark: str, days: list[tuple[int, int]]
) -> None:
    texts = [f"{first:02}{mark}{second:02}{mark}2026" for first, second in days]
    if all(first == second for first, second in days):  # both readings are the same day
        expected = [date(2026, first, first) for first, _ in days]
        assert read(stage, "expected_on", texts) == expected
        return
    with pytest.raises(SourceError, match=r"column 'X': \d+ of \d+ dates are not ISO 8601"):
        read(stage, "expected_on", texts)


@FEW
@given(st.lists(st.integers(1, 999).map(lambda value: f"{value}.000"), min_size=1, max_size=9))
def test_a_mark_before_three_digits_proves_nothing(stage: Stage, texts: list[str]) -> None:
    with pytest.raises(SourceError, match="can have a decimal or a thousands mark"):
        read(stage, "amount", texts)


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["25.04.2026", "04.25.2026"],
         r"1 of 2 .* day\.month \(first: line 2\) and 1 only month\.day \(first: line 3\)"),
        (["25.04.2026", "2026-04-25"], r"several forms: 1 like '25\.04\.2026' \(first: line 2\)"),
        (["25.04.2026", "25/04/2026"], r"several forms"),
        (["01.02.26", "13.02.26"], r"2 of 2 dates have two digits"),
        (["46084", "46085.5"], r'2 of 2 dates are numbers .* days of a spreadsheet.*"excel"'),
        (["1760000000"], r'seconds since 1970.*"epoch_s"'),
        (["1760000000000"], r'milliseconds since 1970.*"epoch_ms"'),
        (["1760000000000000"], r'microseconds since 1970.*"epoch_us"'),
    ],
)  # fmt: skip
def test_dates_that_cannot_be_told_are_refused(stage: Stage, texts: list[str], said: str) -> None:
    with pytest.raises(SourceError, match=said) as caught:
        read(stage, "closed_at", texts)
    assert "column 'X'" in str(caught.value)
    assert "date_format" in str(caught.value)


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["1,5", "2.5"], r"1 number can only have the decimal '\.' \('2\.5' \(first: line 3\)\)"),
        (["1.234,50", "1 234,50"], "its thousands are marked by ' ' and by '.'"),
        (["1.234.567", "1,234,567"], "1 number can only have the decimal"),
    ],
)  # fmt: skip
def test_numbers_that_contradict_each_other_are_refused(
    stage: Stage, texts: list[str], said: str
) -> None:
    with pytest.raises(SourceError, match=said):
        read(stage, "amount", texts)


@pytest.mark.parametrize(
    ("texts", "values", "shown"),
    [
        (["1.234", "1,5"], [1234.0, 1.5], "decimal ',', thousands '.'"),
        (["1.234", "0,5"], [1234.0, 0.5], "decimal ',', thousands '.'"),
        (["0.234", "7"], [0.234, 7.0], "decimal '.'"),
        (["0,234"], [0.234], "decimal ','"),
        (["1234.567"], [1234.567], "decimal '.'"),
        (["1.234.567"], [1234567.0], "decimal ',', thousands '.'"),
        (["1'234", "5"], [1234.0, 5.0], "decimal '.', thousands '''"),
        (["7", "8"], [7.0, 8.0], "decimal '.'"),
        (["144.", "1,234"], [144.0, 1234.0], "decimal '.', thousands ','"),
        ([",5", "1.234"], [0.5, 1234.0], "decimal ',', thousands '.'"),
    ],
)
def test_what_proves_the_decimal_mark(
    stage: Stage, texts: list[str], values: list[float], shown: str
) -> None:
    assert read(stage, "amount", texts) == values
    assert form(stage) == (shown, True)


def test_a_whole_number_proves_its_mark(stage: Stage) -> None:
    rule = DEAL.replace('"deal"', '"account"').replace("deal =", "account =")
    text = "Id;X\nA1;1,234\nA2;1,000\nA3;17\n"
    stage.take(rule.format(columns='employees = "X"', more=""), text)
    found = stage.rows(f"select employees from account where load_no = {stage.loads} order by all")
    assert found == [(17,), (1000,), (1234,)]
    with pytest.raises(SourceError, match="can have a decimal or a thousands mark"):
        stage.take(rule.format(columns='employees = "X"', more=""), "Id;X\nA4;1,000\n")


@pytest.mark.parametrize(
    "text", ["> 90 %", "1e3", "NaN", "inf", "1.2345,00", "EUR", "12,5,", "--5"]
)
def test_what_is_no_number(stage: Stage, text: str) -> None:
    assert read(stage, "amount", ["1,5", text]) == [1.5, None]


@pytest.mark.parametrize(
    ("texts", "days"),
    [
        (["13/01/2026", "02/03/2026"], [date(2026, 1, 13), date(2026, 3, 2)]),
        (["01/13/2026", "02/03/2026"], [date(2026, 1, 13), date(2026, 2, 3)]),
        (["31/12/2026", "32/01/2026"], [date(2026, 12, 31), None]),
    ],
)
def test_a_number_above_twelve_proves_the_day(
    stage: Stage, texts: list[str], days: list[date | None]
) -> None:
    assert read(stage, "expected_on", texts) == days


def test_a_day_that_no_month_has_proves_nothing(stage: Stage) -> None:
    with pytest.raises(SourceError, match="1 of them can be read as day/month or as month/day"):
        read(stage, "expected_on", ["32/01/2026", "02/03/2026"])


def test_dates_of_one_day_and_dates_with_a_time_are_one_form(stage: Stage) -> None:
    assert read(stage, "closed_at", ["25.04.2026", "01.05.2026 10:30"]) == [
        datetime(2026, 4, 24, 22),
        datetime(2026, 5, 1, 8, 30),
    ]
    assert stage.rows(
        f"select closed_at_is_day from deal where load_no = {stage.loads} order by source_row"
    ) == [(True,), (False,)]
    assert form(stage) == ("%d.%m.%Y or %d.%m.%Y %H:%M", True)


def test_a_given_form_answers_only_what_is_open(stage: Stage) -> None:
    german = ("%d.%m.%Y",)
    assert read(stage, "expected_on", ["03.04.2026"], forms=german) == [date(2026, 4, 3)]
    assert read(stage, "expected_on", ["2026-04-03"], forms=german) == [date(2026, 4, 3)]
    assert read(stage, "expected_on", ["2026-04-03"], forms=["%Y-%d-%m"]) == [date(2026, 3, 4)]
    with pytest.raises(SourceError, match="of them can be read"):
        read(stage, "expected_on", ["03/04/2026"], forms=german)


@pytest.mark.parametrize(
    ("special", "text", "instant", "is_day"),
    [
        ("excel", "46085.5", datetime(2026, 3, 4, 11), False),
        ("excel", "46085", datetime(2026, 3, 3, 23), True),
        ("excel", "46085,25", datetime(2026, 3, 4, 5), False),
        ("excel_1904", "44623.5", datetime(2026, 3, 4, 11), False),
        ("epoch_s", "1772622000", datetime(2026, 3, 4, 11), False),
        ("epoch_ms", "1772622000500", datetime(2026, 3, 4, 11, 0, 0, 500000), False),
        ("epoch_us", "1772622000000001", datetime(2026, 3, 4, 11, 0, 0, 1), False),
        ("epoch_us", "1772622000", None, None),
        ("excel", "9999999", None, None),
    ],
)
def test_dates_that_are_numbers_are_read_where_the_preset_says_so(
    stage: Stage, special: str, text: str, instant: datetime | None, is_day: bool | None
) -> None:
    assert read(stage, "closed_at", [text], more=f'date_format = "{special}"') == [instant]
    if instant:
        found = stage.rows(f"select closed_at_is_day from deal where load_no = {stage.loads}")
        assert found == [(is_day,)]


def test_a_form_with_an_offset_says_which_instant_is_meant(stage: Stage) -> None:
    texts = ["04.03.2026 12:00 +0100", "04.03.2026 12:00 -0500"]
    assert read(stage, "closed_at", texts, more='date_format = "%d.%m.%Y %H:%M %z"') == [
        datetime(2026, 3, 4, 11),
        datetime(2026, 3, 4, 17),
    ]


def test_a_stray_date_among_many_is_quarantined(stage: Stage) -> None:
    days = [f"2026-04-{day:02}" for day in range(1, 29)]
    assert read(stage, "expected_on", [*days, "46084"])[-1] is None
    assert stage.rows(f"select value, reason from quarantine where load_no = {stage.loads}") == [
        ("46084", "is no ISO 8601 date or time")
    ]


def test_real_dates_and_texts_in_one_column_are_not_mixed(stage: Stage) -> None:
    # A spreadsheet in another country read 03/04 itself and left 25/04 a text.
    import xlsxwriter

    path = stage.folder / "mixed.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "dd.mm.yyyy"})
        sheet.write_row(0, 0, ["Id", "X"])
        sheet.write(1, 0, "D1")
        sheet.write_datetime(1, 1, datetime(2026, 4, 3), day)
        sheet.write_row(2, 0, ["D2", "25/04/2026"])
    rules = DEAL.format(columns='expected_on = "X"', more="").replace("*.csv", "mixed.xlsx")
    with pytest.raises(SourceError, match="A spreadsheet may have exchanged day and month"):
        stage.take(rules, path.read_bytes(), name="mixed.xlsx")


def test_typed_cells_need_no_form(stage: Stage) -> None:
    import xlsxwriter

    path = stage.folder / "typed.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "dd.mm.yyyy hh:mm"})
        sheet.write_row(0, 0, ["Id", "X", "Amount"])
        for row, number in enumerate((1.5, 1234.0)):
            sheet.write(row + 1, 0, f"D{row}")
            sheet.write_datetime(row + 1, 1, datetime(2026, 4, 3, 10) + timedelta(days=row), day)
            sheet.write_number(row + 1, 2, number)
    rules = DEAL.format(columns='closed_at = "X"\namount = "Amount"', more="")
    stage.take(rules.replace("*.csv", "typed.xlsx"), path.read_bytes(), name="typed.xlsx")
    assert stage.rows(
        f"select closed_at, amount from deal where load_no = {stage.loads} order by source_row"
    ) == [(datetime(2026, 4, 3, 8), 1.5), (datetime(2026, 4, 4, 8), 1234.0)]
    assert form(stage) == ("cells that are dates", True)
