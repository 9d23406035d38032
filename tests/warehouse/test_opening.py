"""Opening a warehouse: what fits its agreement, what does not, what is missing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest

from funnel_analytics.errors import CallError, DataError, MissingTableError, QueryError
from funnel_analytics.metrics.conversion import stage_conversion
from funnel_analytics.periods import month
from funnel_analytics.warehouse import Warehouse, connect, load_query, open_warehouse, query_names
from tests.builders import three_stages

WarehouseOf = Callable[..., Warehouse]
LEAD = {"lead": "a", "created_at": "2026-10-01 10:00", "origin": "inbound"}


def test_the_stored_agreement_is_the_default(warehouse_of: WarehouseOf) -> None:
    path = warehouse_of({"lead": [LEAD]}).path
    with open_warehouse(path) as again:
        assert again.agreement.company == "Test GmbH"
        assert again.as_of == datetime(2026, 11, 1)


def test_two_readers_do_not_disturb_each_other(warehouse_of: WarehouseOf) -> None:
    path = warehouse_of({"lead": [LEAD]}).path
    with open_warehouse(path) as one, open_warehouse(path) as other:
        assert one.has("lead")
        assert other.has("lead")


def test_other_stages_need_another_load(warehouse_of: WarehouseOf) -> None:
    path = warehouse_of({"lead": [LEAD]}).path
    text = three_stages().text.replace('name = "opportunity"', 'name = "proposal"')
    other = path.with_name("other.toml")
    other.write_text(text, encoding="utf-8")
    with pytest.raises(CallError, match=r"loaded with the stages inquiry, opportunity, won; .*"
                       r"proposal.*Load the exports again"):  # fmt: skip
        open_warehouse(path, agreement=other)


def test_other_labels_and_deadlines_do_not(warehouse_of: WarehouseOf) -> None:
    path = warehouse_of({"lead": [LEAD]}).path
    other = three_stages("[first_contact]\nwithin_hours = 2", company='"New GmbH"')
    with open_warehouse(path, agreement=other) as warehouse:
        assert warehouse.agreement.company == "New GmbH"


def test_a_missing_table_says_how_to_get_it(warehouse_of: WarehouseOf) -> None:
    with pytest.raises(MissingTableError, match=r"needs the table 'touch'.*Export the touches"):
        warehouse_of({"lead": [LEAD]}).require("lead", "touch", metric="attribute")


def test_an_unknown_attribute_names_its_neighbour(warehouse_of: WarehouseOf) -> None:
    with pytest.raises(CallError, match=r"no attribute 'orgin'. Did you mean 'origin'\?"):
        warehouse_of({"lead": [LEAD]}).attribute("orgin")


def test_a_period_after_the_export_is_refused(warehouse_of: WarehouseOf) -> None:
    warehouse = warehouse_of({"lead": [LEAD]}, as_of="2026-10-31 23:00")
    warehouse.bounds(month("2026-10"))
    with pytest.raises(CallError, match="2026-11 had not begun"):
        warehouse.bounds(month("2026-11"))


@pytest.mark.parametrize(
    ("as_of", "last"),
    [
        ("2026-10-31 23:00", date(2026, 10, 31)),  # midnight in Berlin: nothing of November
        ("2026-10-31 23:00:00.000001", date(2026, 11, 1)),
        ("2026-10-31 22:59:59", date(2026, 10, 31)),
    ],
)
def test_everything_ends_with_the_last_day_before_the_export(
    warehouse_of: WarehouseOf, as_of: str, last: date
) -> None:
    period = warehouse_of({"lead": [LEAD]}, as_of=as_of).everything()
    assert (period.start, period.last_day) == (date(2026, 10, 1), last)


def test_everything_begins_with_the_first_loaded_lead(warehouse_of: WarehouseOf) -> None:
    # 23:30 UTC on 31 August is 1 September in Berlin; that lead does not count.
    test_lead = {"lead": "t", "created_at": "2026-08-31 23:30", "is_test": True}
    assert warehouse_of({"lead": [LEAD, test_lead]}).everything().start == date(2026, 9, 1)
    with pytest.raises(DataError, match="has no leads"):
        warehouse_of({"lead": [test_lead]}).everything()


def test_no_file_and_no_warehouse(tmp_path: Path) -> None:
    with pytest.raises(CallError, match="no such warehouse"):
        open_warehouse(tmp_path / "none.duckdb")
    with connect(tmp_path / "other.duckdb", read_only=False) as connection:
        connection.execute("create table t as select 1 as x")
    with pytest.raises(DataError, match="no warehouse of funnel_analytics"):
        open_warehouse(tmp_path / "other.duckdb")


def test_parameters_have_to_be_the_ones_of_the_header(warehouse_of: WarehouseOf) -> None:
    warehouse = warehouse_of({"lead": [LEAD]})
    with pytest.raises(QueryError, match=r"takes no parameters; it was given \$surplus"):
        warehouse.query("warehouse/loads", surplus=1)
    with pytest.raises(QueryError, match=r"no query 'warehouse/load'. Did you mean"):
        warehouse.query("warehouse/load")


@pytest.mark.parametrize("folder", ["checks", "marts", "metrics", "warehouse"])
@pytest.mark.parametrize("stages", [2, 6])
def test_every_query_keeps_its_header(folder: str, stages: int) -> None:
    names = query_names(folder)
    assert names
    for name in names:
        assert load_query(name, stages).grain.startswith("One row")


def test_a_variable_is_never_taken_for_a_table(warehouse_of: WarehouseOf) -> None:
    warehouse = warehouse_of({"lead": [LEAD]})
    phantom = warehouse.loads()
    assert len(phantom)
    with pytest.raises(Exception, match="phantom"):
        warehouse._connection.execute("select * from phantom")


def test_a_warehouse_of_another_version_is_to_be_loaded_again(
    warehouse_of: Callable[..., Warehouse],
) -> None:
    built = warehouse_of({"lead": [{"lead": "a", "created_at": "2026-10-01"}]})
    built.close()
    with connect(built.path, read_only=False) as connection:
        connection.execute("drop table touch_people")
    with pytest.raises(DataError, match=r"another version .* load the exports again"):
        open_warehouse(built.path)


def test_a_table_that_only_a_metric_misses_is_told_in_the_same_words(
    warehouse_of: Callable[..., Warehouse],
) -> None:
    built = warehouse_of(
        {
            "lead": [{"lead": "a", "created_at": "2026-10-01"}],
            "stage_event": [{"lead": "a", "entered_at": "2026-10-02", "stage": "won"}],
        }
    )
    built.close()
    with connect(built.path, read_only=False) as connection:
        connection.execute("drop table pass_progress")
    with (
        open_warehouse(built.path) as warehouse,
        pytest.raises(DataError, match=r"another version .* load the exports again"),
    ):
        stage_conversion(warehouse)
