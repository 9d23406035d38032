"""Statements that were parsed once, and how many threads a file is worth."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

from funnel_analytics.warehouse import connect
from funnel_analytics.warehouse.connection import EngineError

THREADS = "select current_setting('threads')"


def test_one_text_reads_the_tables_and_values_of_each_file(tmp_path: Path) -> None:
    text = "select a + $more as found from t order by a"
    for kind, given, expected in (("integer", "1", 3), ("double", "1.5", 3.5)):
        with connect(tmp_path / f"{kind}.duckdb", read_only=False) as connection:
            connection.execute(f"create table t (a {kind})")
            connection.execute(f"insert into t values ({given})")
            assert connection.execute(text, {"more": 2}).fetchall() == [(expected,)]
            connection.execute("alter table t alter a type varchar")
            connection.execute("update t set a = '40'")
            with pytest.raises(EngineError, match="VARCHAR"):
                connection.execute(text, {"more": 2})
            connection.execute("alter table t alter a type bigint")
            assert connection.execute(text, {"more": 2.5}).fetchall() == [(42.5,)]


def test_a_text_of_several_statements_runs_them_all() -> None:
    text = "create temp table t as select 1 as a; insert into t values (2); select sum(a) from t"
    for _ in range(2):
        with connect(":memory:", read_only=False) as connection:
            assert connection.execute(text).fetchall() == [(3,)]


def test_a_wrong_text_is_refused_each_time() -> None:
    with connect(":memory:", read_only=False) as connection:
        for _ in range(2):
            with pytest.raises(EngineError, match="syntax error"):
                connection.execute("selekt 1")


def test_a_small_file_is_read_by_one_thread_and_a_large_one_by_several(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with connect(path, read_only=False, small=False) as connection:
        ((several,),) = connection.execute(THREADS).fetchall()
        connection.execute("create table t as select 1 as a")
    with connect(path, read_only=True) as connection:
        assert connection.execute(THREADS).fetchall() == [(1,)]
    with connect(path, read_only=False) as connection:
        connection.execute("create table large as select uuid() as a from range(800_000)")
    assert path.stat().st_size > 8_000_000
    with connect(path, read_only=True) as connection:
        assert connection.execute(THREADS).fetchall() == [(several,)]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="The system binds no processes")
def test_there_are_no_more_threads_than_cores_that_may_be_used() -> None:
    cores = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(cores)})
        with connect(":memory:", read_only=False) as connection:
            assert connection.execute(THREADS).fetchall() == [(1,)]
            connection.register("nothing_is_left_running", pd.DataFrame({"a": [1]}))
    finally:
        os.sched_setaffinity(0, cores)
