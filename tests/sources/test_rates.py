"""Exchange rates: one's own sheet and the two files of the European Central Bank."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from funnel_analytics.errors import SourceError
from funnel_analytics.sources import load
from funnel_analytics.warehouse import connect

RATES = [
    (date(2026, 10, 29), "EUR", "CHF", 0.9311),
    (date(2026, 10, 29), "EUR", "USD", 1.1512),
    (date(2026, 10, 30), "EUR", "USD", 1.1547),
]
OWN = "date,base,currency,rate\n2026-10-29,EUR,USD,1.1512\n2026-10-29,EUR,CHF,0.9311\n"
OWN += "2026-10-30,EUR,USD,1.1547\n"
GERMAN = "Datum;Basiswährung;Währung;Kurs\n29.10.2026;EUR;USD;1,1512\n29.10.2026;EUR;CHF;0,9311\n"
GERMAN += "30.10.2026;EUR;USD;1,1547\n"
# The day without a Swiss rate says so; the last column has no name, as every line ends in a comma.
WIDE = "Date,USD,CHF,CYP,\n2026-10-30,1.1547,N/A,N/A,\n2026-10-29,1.1512,0.9311,N/A,\n"
PORTAL = (
    "KEY,FREQ,CURRENCY,CURRENCY_DENOM,EXR_TYPE,EXR_SUFFIX,TIME_PERIOD,OBS_VALUE\n"
    "EXR.D.USD.EUR.SP00.A,D,USD,EUR,SP00,A,2026-10-29,1.1512\n"
    "EXR.D.USD.EUR.SP00.A,D,USD,EUR,SP00,A,2026-10-30,1.1547\n"
    "EXR.D.CHF.EUR.SP00.A,D,CHF,EUR,SP00,A,2026-10-29,0.9311\n"
)


def loaded(folder: Path, name: str, text: str) -> list[tuple[Any, ...]]:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    load([path], preset="rates", database=folder / "w.duckdb", as_of=date(2026, 11, 1))
    with connect(folder / "w.duckdb", read_only=True) as connection:
        return connection.execute(
            "select rated_on, base, currency, rate from exchange_rate order by all"
        ).fetchall()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rates.csv", OWN),
        ("Wechselkurse 2026.csv", GERMAN),
        ("eurofxref-hist.csv", WIDE),
        ("data_EXR.csv", PORTAL),
    ],
    ids=["own", "german", "wide", "portal"],
)
def test_rates_are_the_same_from_every_file(tmp_path: Path, name: str, text: str) -> None:
    assert loaded(tmp_path, name, text) == RATES


def test_a_day_without_a_rate_is_counted_and_no_rate(tmp_path: Path) -> None:
    loaded(tmp_path, "eurofxref-hist.csv", WIDE)
    with connect(tmp_path / "w.duckdb", read_only=True) as connection:
        log = connection.execute(
            "select part, rows_read, rows_loaded, rows_other, rows_quarantined from load_log "
            "where part in ('chf', 'gbp', 'usd') order by part"
        ).fetchall()
    assert log == [("chf", 2, 1, 1, 0), ("gbp", 2, 0, 2, 0), ("usd", 2, 2, 0, 0)]


def test_two_rates_for_one_day_and_pair_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="exchange_rate"):
        loaded(tmp_path, "rates.csv", OWN + "2026-10-29,EUR,USD,1.2\n")
