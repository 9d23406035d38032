"""The command `funnel`: what it prints, and with which code it ends."""

from __future__ import annotations

import csv
import inspect
import io
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import funnel_analytics as fa
from funnel_analytics.cli import app, main
from funnel_analytics.cli.showing import METRICS
from funnel_analytics.warehouse import Warehouse, connect
from tests.sources.conftest import Exports

Run = Callable[..., tuple[int, str, str]]
ROOT = Path(__file__).parents[1]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`run("show", "conversion", …)` → exit code, standard output, standard error."""

    def call(*arguments: Any) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["funnel", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


@pytest.fixture
def exports(tmp_path: Path) -> Exports:
    return Exports(tmp_path)


def test_load_says_what_came_of_every_file(run: Run, exports: Exports) -> None:
    arguments = ["load", exports.folder, "--preset", exports.preset, "--db", exports.database,
                 "--agreement", exports.agreement, "--as-of", "2026-11-01"]  # fmt: skip
    code, out, err = run(*arguments)
    assert code == 0
    assert "history.csv stage_event          3            3" in out
    assert "Test GmbH, as of 2026-11-01 00:00 Europe/Berlin (given)." in out
    assert "[1/3] deals.csv → deal" in err
    code, out, _ = run(*arguments)
    assert (code, "is unchanged" in out) == (0, True)


def test_faulty_data_end_with_1_and_a_wrong_call_with_2(run: Run, exports: Exports) -> None:
    exports.change("history.csv", "L1,won", "L1,one")
    base = ["load", exports.folder, "--db", exports.database, "--agreement", exports.agreement]
    code, out, err = run(*base, "--preset", exports.preset)
    assert (code, out) == (1, "")
    assert "Did you mean 'won'?" in err
    assert not exports.database.exists()
    code, _, err = run(*base, "--preset", "smal")
    assert (code, "There is no preset 'smal'" in err) == (2, True)
    code, _, err = run(*base, "--preset", exports.preset, "--as-of", "yesterday")
    assert (code, "'yesterday' is no date" in err) == (2, True)
    code, _, err = run(*base, "--preset", exports.preset, "--no-such-option")
    assert code == 2


def test_show_prints_table_csv_and_json_with_the_same_rows(run: Run, sample_database: Path) -> None:
    base = ["show", "conversion", "--db", sample_database, "--cohort", "2026-06", "--by", "origin"]
    code, table, _ = run(*base)
    assert code == 0
    assert "stage_conversion: one row per segment and stage" in table
    _, text, _ = run(*base, "--format", "json")
    answer = json.loads(text)
    assert {"metric", "grain", "units", "as_of", "parameters", "rows"} <= set(answer)
    _, text, _ = run(*base, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["reached_leads"] for row in rows] == [
        "" if row["reached_leads"] is None else str(row["reached_leads"]) for row in answer["rows"]
    ]
    with fa.open_warehouse(sample_database) as warehouse:
        expected = fa.stage_conversion(warehouse, cohort=fa.month("2026-06"), by="origin").table
    assert list(rows[0]) == list(expected.columns)
    shown = [row["reached_leads"] for row in rows if row["reached_leads"]]
    assert [int(each) for each in shown] == expected["reached_leads"].dropna().tolist()


def test_show_prints_a_part_and_what_was_noted(run: Run, sample_database: Path) -> None:
    base = ["show", "flows", "--db", sample_database, "--period", "2026-06", "--language", "en"]
    with fa.open_warehouse(sample_database) as warehouse:
        flows = fa.stage_flows(warehouse, period=fa.month("2026-06"))
    code, table, _ = run(*base)
    assert code == 0
    assert table.startswith("stage_flows: one row per segment and stage")
    assert "- Not counted (created by 30 June 2026): " in table
    assert table.endswith("Further parts (--part NAME): by_month, transitions\n")
    _, table, _ = run(*base, "--part", "transitions")
    assert table.startswith("stage_flows: part transitions, as of 2026-10-31 23:00 UTC\n")
    assert table.endswith("Further parts (--part NAME): by_month\n")
    _, text, _ = run(*base, "--part", "transitions", "--format", "csv")
    stays = [int(row["stays"]) for row in csv.DictReader(io.StringIO(text))]
    assert stays == flows.part("transitions")["stays"].tolist()
    _, text, _ = run(*base, "--part", "transitions", "--format", "json")
    answer = json.loads(text)
    assert (answer["part"], answer["grain"]) == ("transitions", "one row of the part transitions")
    assert [row["stays"] for row in answer["rows"]] == stays
    code, _, err = run(*base, "--part", "transition")
    assert (code, "it has by_month, transitions. Did you mean 'transitions'?" in err) == (2, True)


def test_the_json_is_the_record_of_the_answer_and_what_is_said_of_it(
    run: Run, sample_database: Path
) -> None:
    base = ["show", "reasons", "--db", sample_database, "--period", "2026-06", "--format", "json"]
    _, text, _ = run(*base)
    answer = json.loads(text)
    with fa.open_warehouse(sample_database) as warehouse:
        reasons = fa.loss_reasons(warehouse, period=fa.month("2026-06"))
    said = answer.pop("said")
    assert answer == reasons.record()
    assert set(answer["parts"]) == set(reasons.parts)
    assert said == list(fa.wording.words_for(reasons).notes(reasons))
    assert said[0].startswith("Nicht gezählt")
    _, text, _ = run(*base, "--language", "en")
    assert json.loads(text)["said"][0].startswith("Not counted")


def test_a_change_shows_both_sides_and_their_difference(run: Run, sample_database: Path) -> None:
    base = ["show", "change", "--db", sample_database, "--before", "2026-06", "--after", "2026-07",
            "--language", "en"]  # fmt: skip
    _, text, _ = run(*base, "--format", "json")
    answer = json.loads(text)
    before, after = (row["value"] for row in answer["parts"]["totals"])
    change = answer["notes"][0]
    assert (change["code"], change["change"]) == ("change", after - before)
    assert all("\n" not in sentence for sentence in answer["said"])
    _, table, _ = run(*base)
    first = f"Won leads: {after:.0f} in the cohort July 2026, {before:.0f} in the cohort June 2026 "
    assert f"{first}(−{before - after:.0f})" in table
    assert "explain_change: part totals" in table
    _, csv_text, _ = run(*base, "--by", "origin", "--part", "segments", "--format", "csv")
    parts = [float(row["part"]) for row in csv.DictReader(io.StringIO(csv_text))]
    assert sum(parts) == pytest.approx(after - before)


def test_the_help_lists_every_metric_with_its_question(run: Run) -> None:
    code, out, _ = run("show", "--help")
    lines = " ".join(out.split())
    assert code == 0
    for name, metric in METRICS.items():
        question = (inspect.getdoc(metric.function) or "").splitlines()[0]
        assert metric.question == question
        assert f"{name} {question}" in lines


def test_every_metric_is_shown_and_stands_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    about_data = {"loads", "quarantine", "columns", "identity"}
    table = {name for name in METRICS if f"| `funnel show {name}` |" in readme}
    assert table == set(METRICS) - about_data
    results = {
        name for name in fa.__all__
        if inspect.isfunction(each := getattr(fa, name))
        and inspect.signature(each).return_annotation == "Result"
    }  # fmt: skip
    assert {each.name for each in METRICS.values()} == results - {"leads_needed"}


def test_show_takes_days_as_well_as_names_of_periods(run: Run, sample_database: Path) -> None:
    base = ["show", "throughput", "--db", sample_database, "--format", "csv"]
    days = run(*base, "--from", "2026-06-01", "--to", "2026-07-01")
    assert days == run(*base, "--period", "2026-06")
    code, _, err = run(*base, "--from", "2026-06-01")
    assert (code, "--from and --to go together" in err) == (2, True)
    code, _, err = run(*base, "--period", "2027-06")
    assert (code, "had not begun" in err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["conversoin"], "no metric 'conversoin'. Did you mean 'conversion'?"),
        (["conversion", "--model", "last"], "conversion takes no --model; it takes --by, --mode, "),
        (["conversion", "--by", "orgin"], "no attribute 'orgin'. Did you mean 'origin'?"),
        (["conversion", "--mode", "loose"], "loose"),
        (["attribution", "--model", "lats"], "Did you mean 'last'?"),
        (["conversion", "--cohort", "October"], "'October' names no period"),
        (["conversion", "--cohort", "9999"], "9999 lies outside of 1950 to 2200"),
        (["attribution", "--lookback-days", "0"], "lookback_days"),
        (["what_if", "--required", "ned"], "criterion 'ned'; the agreement has budget, authority"),
        (["score", "--required", "need"], "score takes no --required; it takes --by"),
    ],
)
def test_wrong_calls_name_the_right_one(
    run: Run, sample_database: Path, arguments: list[str], said: str
) -> None:
    code, out, err = run("show", *arguments, "--db", sample_database)
    assert (code, out) == (2, "")
    assert said in err


def test_a_metric_without_its_table_ends_with_1_and_says_how_to_get_it(
    run: Run, warehouse_of: Callable[..., Warehouse]
) -> None:
    path = warehouse_of({"lead": [{"lead": "a", "created_at": "2026-10-01"}]}).path
    code, _, err = run("show", "time_to_contact", "--db", path)
    assert code == 1
    assert "time_to_contact needs the table 'activity'" in err
    assert "Export the tasks, calls, e-mails and meetings" in err


def test_check_advises_and_ends_with_1_when_a_check_fails(
    run: Run, sample_database: Path, warehouse_of: Callable[..., Warehouse]
) -> None:
    code, out, _ = run("check", "--db", sample_database, "--language", "en")
    assert code == 0
    assert "? Review: " in out
    assert "podcast / audio" in out
    lost = warehouse_of(
        {
            "lead": [{"lead": "a", "created_at": "2026-10-01"}],
            "stage_event": [{"lead": "x", "stage": "won", "entered_at": "2026-10-02"}],
        }
    ).path
    code, out, _ = run("check", "--db", lost)
    assert (code, "✗ Fail: " in out) == (1, True)


def test_plan_answers_for_each_probability(run: Run, sample_database: Path) -> None:
    code, out, _ = run("plan", "--revenue", 900000, "--period", "2027-Q1", "--db", sample_database)
    assert code == 0
    assert "by_month" in out
    code, out, _ = run("plan", "--revenue", 900000, "--period", "2027-Q1", "--db", sample_database,
                       "--format", "json")  # fmt: skip
    assert [row["probability"] for row in json.loads(out)["rows"]] == [0.5, 0.8, 0.9]
    code, _, err = run("plan", "--revenue", 900000, "--period", "2026-Q3", "--db", sample_database)
    assert code == 2
    assert err.startswith("funnel: ")


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("mdoe=ordered", "Did you mean 'mode'?"),
        ("mode", "--set takes name=value"),
        ("period=2026-05", "--set period=…: give it as --period"),
    ],
)
def test_report_refuses_parameters_that_the_notebook_does_not_have(
    run: Run, sample_database: Path, tmp_path: Path, setting: str, said: str
) -> None:
    code, _, err = run("report", "conversion_drop_offs", "--period", "2026-06", "--db",
                       sample_database, "--set", setting, "--out", tmp_path / "out")  # fmt: skip
    assert code == 2
    assert said in err
    assert not (tmp_path / "out").exists()


def test_report_refuses_an_unknown_notebook_and_a_missing_warehouse(
    run: Run, sample_database: Path, tmp_path: Path
) -> None:
    code, _, err = run("report", "monthly_revue", "--period", "2026-06", "--db", sample_database)
    assert (code, "Did you mean 'monthly_review'?" in err) == (2, True)
    gone = tmp_path / "gone.duckdb"
    code, _, err = run("report", "monthly_review", "--period", "2026-06", "--db", gone)
    assert (code, "no such warehouse" in err) == (2, True)


def test_a_damaged_warehouse_is_one_message(
    run: Run, sample_database: Path, tmp_path: Path
) -> None:
    damaged = bytearray(sample_database.read_bytes())
    for start in range(20_000, len(damaged) - 64, 20_000):
        damaged[start : start + 64] = bytes(64)
    target = tmp_path / "damaged.duckdb"
    target.write_bytes(damaged)
    code, _, err = run("check", "--db", target)
    assert code == 1
    assert err.startswith("funnel: ")
    assert "Traceback" not in err


def test_init_writes_a_folder_once(run: Run, tmp_path: Path) -> None:
    code, _, _ = run("init", tmp_path / "review")
    assert code == 0
    assert (tmp_path / "review" / "data" / "raw").is_dir()
    agreement = fa.load_agreement(tmp_path / "review" / "agreement.toml")
    assert agreement.stage_names
    assert agreement.privacy.ids == "pseudonym"
    assert {path.stem for path in (tmp_path / "review" / "notebooks").iterdir()} == {
        path.stem for path in (ROOT / "notebooks").glob("*.ipynb")
    }
    code, _, err = run("init", tmp_path / "review")
    assert (code, "already there" in err) == (2, True)


def test_sample_writes_files_that_load(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("sample", tmp_path / "company", "--leads", "300", "--seed", "7")
    assert code == 0
    assert "funnel load" in out
    code, out, _ = run("load", tmp_path / "company", "--preset", "sample", "--as-of", "2026-11-01",
                       "--db", tmp_path / "w.duckdb")  # fmt: skip
    assert (code, "Beispiel Maschinenbau GmbH" in out) == (0, True)


def test_init_proposes_a_preset_from_exports(
    run: Run, exports: Exports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    leads = exports.folder / "leads.csv"
    code, out, _ = run("init", "--from", leads, exports.folder / "deals.csv", "--name", "mine")
    assert code == 0
    assert "wrote mine.toml" in out
    assert "lead.created_at" in out
    before = (tmp_path / "mine.toml").read_text(encoding="utf-8")
    code, _, err = run("init", "--from", leads, "--name", "mine")
    assert (code, "mine.toml is already there" in err) == (2, True)
    assert (tmp_path / "mine.toml").read_text(encoding="utf-8") == before
    code, _, err = run("init", leads, leads)
    assert (code, "funnel init --from FILE" in err) == (2, True)


@pytest.fixture
def pseudonymous(run: Run, exports: Exports) -> Path:
    """A warehouse whose ids are pseudonyms."""
    text = exports.agreement.read_text(encoding="utf-8")
    exports.agreement.write_text(text.replace('"plain"', '"pseudonym"'), encoding="utf-8")
    code, _, err = run("load", exports.folder, "--preset", exports.preset, "--db",
                       exports.database, "--agreement", exports.agreement)  # fmt: skip
    assert code == 0, err
    return exports.database


def test_a_pseudonym_is_revealed_and_a_person_forgotten(run: Run, pseudonymous: Path) -> None:
    with connect(pseudonymous, read_only=True) as connection:
        ids = connection.execute("select lead from lead order by created_at").fetchall()
    assert len(ids) == 3
    assert all(re.fullmatch(r"crm:[0-9a-f]{16}", id) for (id,) in ids)
    code, out, _ = run("reveal", ids[0][0], "--db", pseudonymous)
    assert (code, out) == (0, f"{ids[0][0]} is L1 in crm (lead)\n")
    code, out, _ = run("forget", ids[0][0], "--db", pseudonymous)
    assert code == 0
    assert re.search(r"stage_event +2", out)
    code, _, err = run("reveal", ids[0][0], "--db", pseudonymous)
    assert code == 2
    assert ids[0][0] in err
    with connect(pseudonymous, read_only=True) as connection:
        left = connection.execute("select lead from lead order by created_at").fetchall()
    assert left == ids[1:]


def test_show_lists_what_could_not_be_read_and_how_columns_were_read(
    run: Run, exports: Exports
) -> None:
    exports.change("deals.csv", "1.234,50", "1.234.50")
    text = exports.agreement.read_text(encoding="utf-8")
    exports.agreement.write_text(
        text + "\n[loading]\nmax_quarantined_share = 0.6\n", encoding="utf-8"
    )
    code, out, _ = run("load", exports.folder, "--preset", exports.preset, "--db",
                       exports.database, "--agreement", exports.agreement)  # fmt: skip
    assert (code, "funnel show quarantine" in out) == (0, True)
    _, out, _ = run("show", "quarantine", "--db", exports.database, "--format", "csv")
    (row,) = csv.DictReader(io.StringIO(out))
    assert (row["file"], row["line"], row["column_name"]) == ("deals.csv", "2", "Betrag")
    _, out, _ = run("show", "columns", "--db", exports.database, "--format", "csv")
    forms = {row["header"]: row["form"] for row in csv.DictReader(io.StringIO(out))}
    assert "%d.%m.%Y" in forms["Schlusstermin"]
    _, out, _ = run("show", "loads", "--db", exports.database, "--format", "json")
    assert {row["file"] for row in json.loads(out)["rows"]} == {
        "deals.csv", "history.csv", "leads.csv",
    }  # fmt: skip
    _, out, _ = run("show", "identity", "--db", exports.database, "--format", "csv")
    assert [row["rule"] for row in csv.DictReader(io.StringIO(out))] == [
        "ids", "email", "visitor", "domain",
    ]  # fmt: skip
    code, _, err = run("show", "loads", "--db", exports.database, "--period", "2026-09")
    assert (code, "takes no period" in err) == (2, True)


def test_the_readme_names_every_command() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    names = {command.callback.__name__ for command in app.registered_commands if command.callback}
    assert names == {
        "init", "load", "check", "show", "plan", "report", "sample", "reveal", "forget",
    }  # fmt: skip
    assert {name for name in names if f"funnel {name}" not in readme} == set()
