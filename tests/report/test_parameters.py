from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

import pytest

from funnel_analytics.errors import CallError
from funnel_analytics.report import Parameter, find_notebook, notebook_parameters, render
from funnel_analytics.report.parameters import check_parameters
from tests.report.toys import RICH_PARAMETERS, code, rich, write

DECLARED = {
    "period": Parameter(str, "2026-10"),
    "language": Parameter(str, "de"),
    "lookback_days": Parameter(int, 90),
    "probability": Parameter(float, 0.8),
    "is_draft": Parameter(bool, False),
    "models": Parameter(list[str], ["first"]),
    "region": Parameter(Optional[str], None),  # noqa: UP045
}


def checked(**given: object) -> dict[str, Any]:
    return check_parameters(DECLARED, given=given, notebook="toy.ipynb")


def test_the_cell_is_read_without_being_run(tmp_path: Path) -> None:
    found = notebook_parameters(rich(tmp_path / "rich.ipynb"))
    assert found["period"] == (str, "2026-10")
    assert found["lookback_days"] == (int, 90)
    assert found["models"] == (list[str], ["first", "last"])
    assert found["region"] == (Optional[str], None)  # noqa: UP045
    assert list(found) == [line.split(":")[0] for line in RICH_PARAMETERS.splitlines()[1:]]


def test_a_notebook_without_the_cell_takes_none(tmp_path: Path) -> None:
    assert notebook_parameters(write(tmp_path / "a.ipynb", code("x: int = 1"))) == {}


def test_every_fault_of_the_cell_is_named(tmp_path: Path) -> None:
    cell = 'a = 1\nb: date = 2\nc: int | None = 3\nd: int\ne: int = 1 + 1\nf: int = "x"\n"a text"'
    with pytest.raises(CallError) as caught:
        notebook_parameters(write(tmp_path / "a.ipynb", code(cell, "parameters")))
    message = str(caught.value)
    assert message.count("\n- ") == 6
    for part in (
        "'a = 1' declares no parameter",
        "the type 'date' is not",
        "the type 'int | None' is not",
        "'d: int': the parameter has no default",
        "'e: int = 1 + 1': the default is not a plain value",
        "f is 'x'; it must be a whole number",
    ):
        assert part in message


def test_what_is_not_given_keeps_its_default() -> None:
    assert checked(lookback_days=30) == {
        "period": "2026-10",
        "language": "de",
        "lookback_days": 30,
        "probability": 0.8,
        "is_draft": False,
        "models": ["first"],
        "region": None,
    }


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("lookback_days", "30", 30),
        ("lookback_days", "-1", -1),
        ("probability", "0.9", 0.9),
        ("probability", "1", 1.0),
        ("probability", "900000", 900000.0),
        ("probability", "9e5", 900000.0),
        ("is_draft", "true", True),
        ("is_draft", "false", False),
        ("models", "first, linear", ["first", "linear"]),
        ("models", "", []),
        ("region", "", None),
        ("region", "Nord", "Nord"),
        ("period", "2026", "2026"),
    ],
)
def test_a_text_is_read_as_on_a_command_line(name: str, text: str, value: object) -> None:
    read = checked(**{name: text})[name]
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("lookback_days", "abc", "a whole number (int)"),
        ("lookback_days", "30.0", "a whole number (int)"),
        ("lookback_days", "1_000", "a whole number (int)"),
        ("lookback_days", "٣٠", "a whole number (int)"),  # Arabic-Indic digits
        ("lookback_days", True, "a whole number (int)"),
        ("lookback_days", 30.5, "a whole number (int)"),
        ("lookback_days", None, "a whole number (int)"),
        ("probability", "0,8", "a number (float)"),
        ("probability", "900.000", "no thousands separator"),  # 900 or 900,000?
        ("probability", "nan", "a number (float)"),
        ("probability", float("inf"), "a number (float)"),
        ("is_draft", "yes", "true or false (bool)"),
        ("is_draft", 1, "true or false (bool)"),
        ("models", ("first",), "a list of texts (list[str])"),
        ("models", ["first", 2], "a list of texts (list[str])"),
        ("period", 2026, "a text (str)"),
        ("region", 5, "a text (str) or None"),
    ],
)
def test_another_type_is_refused(name: str, value: object, wanted: str) -> None:
    with pytest.raises(CallError) as caught:
        checked(**{name: value})
    message = str(caught.value)
    assert f"- {name} is {value!r}" in message
    assert wanted in message


def test_all_faults_come_at_once() -> None:
    with pytest.raises(CallError) as caught:
        checked(lookbak_days="30", lookback_days="x", language="fr", period="2026-11")
    message = str(caught.value)
    assert message.count("\n- ") == 3
    assert "'lookbak_days' is unknown" in message
    assert "Did you mean 'lookback_days'?" in message
    assert "lookback_days is 'x'" in message
    assert "language is 'fr'; it must be de or en." in message


def test_nothing_runs_with_a_wrong_parameter(tmp_path: Path) -> None:
    path, out = rich(tmp_path / "rich.ipynb"), tmp_path / "out"
    with pytest.raises(CallError, match="'perod' is unknown") as caught:
        render(path, parameters={"perod": "2026-10"}, out=out)
    assert caught.value.exit_code == 2
    assert not out.exists()


def test_a_name_is_found_in_the_working_folder_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("notebooks").mkdir()
    write(Path("notebooks/monthly_review.ipynb"))
    write(Path("elsewhere.ipynb"))
    assert find_notebook("monthly_review") == Path("notebooks/monthly_review.ipynb")
    assert find_notebook("monthly_review.ipynb") == Path("notebooks/monthly_review.ipynb")
    assert find_notebook("elsewhere.ipynb") == Path("elsewhere.ipynb")


def test_an_unknown_name_lists_those_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("notebooks").mkdir()
    write(Path("notebooks/my_review.ipynb"))
    with pytest.raises(CallError) as caught:
        find_notebook("my_revue")
    assert "my_review" in str(caught.value)
    assert "Did you mean 'my_review'?" in str(caught.value)
    with pytest.raises(CallError, match=r"There is no notebook at 'no/such\.ipynb'"):
        find_notebook("no/such.ipynb")


@pytest.mark.parametrize("content", ["", "not json", "[]", '{"worksheets": []}', "\xff"])
def test_a_file_that_is_no_notebook_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "broken.ipynb"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(CallError, match="is not a Jupyter notebook"):
        notebook_parameters(path)
