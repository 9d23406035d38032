from __future__ import annotations

import json
import logging
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from funnel_analytics.errors import ReportError
from funnel_analytics.report import Rendered, render
from funnel_analytics.report.pdf import find_browser, print_pdf
from tests.report.toys import RESULT, code, prose, rich, write

pytestmark = pytest.mark.notebook


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return rich(tmp_path_factory.mktemp("notebooks") / "review.ipynb")


@pytest.fixture(scope="module")
def steps() -> list[tuple[int, int, str]]:
    return []


@pytest.fixture(scope="module")
def german(
    notebook: Path, steps: list[tuple[int, int, str]], tmp_path_factory: pytest.TempPathFactory
) -> Rendered:
    return render(
        notebook,
        parameters={"lookback_days": "30", "database": "/home/me/funnel.duckdb"},
        out=tmp_path_factory.mktemp("german") / "2026-10",
        xlsx=True,
        progress=lambda *step: steps.append(step),
    )


@pytest.fixture(scope="module")
def again(notebook: Path, tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    return render(
        notebook,
        parameters={"lookback_days": "30", "database": "/home/you/funnel.duckdb"},
        out=tmp_path_factory.mktemp("again"),
        xlsx=True,
    )


@pytest.fixture(scope="module")
def english(notebook: Path, tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    return render(
        notebook,
        parameters={"language": "en", "period": "2027-Q1"},
        out=tmp_path_factory.mktemp("english"),
    )


class Page(HTMLParser):
    """The attributes of a page, and the texts of its scripts that run."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.attributes: list[tuple[str, str, str]] = []
        self.scripts: list[str] = []
        self.shown = ""
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self._inside = tag if tag != "script" or dict(attrs).get("type") is None else "data"

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts.append(data)
        elif self._inside not in ("data", "style"):
            self.shown += data


def page(rendered: Rendered) -> Page:
    return Page(rendered.html.read_text(encoding="utf-8"))


def test_only_the_files_asked_for_are_there(german: Rendered) -> None:
    assert sorted(each.name for each in german.html.parent.iterdir()) == [
        "review.html",
        "review.run.json",
        "review.xlsx",
    ]
    assert german.pdf is None
    assert german.xlsx is not None


def test_progress_names_the_headings_and_comes_to_its_end(
    german: Rendered, steps: list[tuple[int, int, str]]
) -> None:
    assert [done for done, _, _ in steps] == list(range(10))
    assert {total for _, total, _ in steps} == {9}
    assert [label for _, _, label in steps[2:5]] == ["Trichter", "Zeit", "Tabelle"]


def test_a_page_speaks_one_language(german: Rendered, english: Rendered) -> None:
    de, en = german.html.read_text(encoding="utf-8"), english.html.read_text(encoding="utf-8")
    assert '<html lang="de">' in de
    assert "<title>Monatsbericht – Oktober 2026</title>" in de
    assert '<html lang="en">' in en
    assert "<title>Monthly report – " in en
    assert "2027" in en.split("<title>")[1].split("</title>")[0]
    for text, here, there in (("Trichter", de, en), ("Funnel", en, de)):
        assert f">{text}</h2>" in here
        assert f">{text}</h2>" not in there
    assert '"shortMonths":["Jan","Feb","März"' in de


def test_outputs_are_shown_and_code_is_not(german: Rendered) -> None:
    shown = page(german).shown
    assert "12 leads" in shown
    assert "2026-10 ['first', 'last'] False" in shown
    assert "<img src=x onerror=alert(2)>" in shown  # a name from data, as text
    for absent in ("import plotly", "help(fa)", "HIDDEN OUTPUT", "RESULT AS TEXT", "noise", "0x"):
        assert absent not in shown


def test_nothing_of_the_data_can_run(german: Rendered) -> None:
    found = page(german)
    assert len(found.scripts) == 2
    assert found.scripts[0].startswith("/**\n* plotly.js")
    assert found.scripts[1].startswith('"use strict";')
    assert not [name for _, name, _ in found.attributes if name.startswith("on")]
    policy = next(value for tag, name, value in found.attributes if "default-src" in value)
    assert "default-src 'none'" in policy
    assert policy.count("'sha256-") == 2
    assert "unsafe-inline" not in policy.split("style-src")[0]


def test_no_address_lies_outside_the_file(german: Rendered) -> None:
    found = page(german)
    for _, name, value in found.attributes:
        if name in ("src", "href", "action", "data", "poster", "srcset", "style"):
            assert value.startswith(("#", "data:")) or "url(" not in value
            assert "//" not in value
    rest = german.html.read_text(encoding="utf-8").replace(found.scripts[0], "")
    for word in ("http:", "https:", "@import", "url(", "require.js", "MathJax", "mermaid"):
        assert word not in rest.replace("&lt;a href='https://evil.example/'>", "").replace(
            "\\u003ca href='https://evil.example/'>", ""
        )
    assert rest.count("plotly.js") == 0


def test_two_runs_are_identical(german: Rendered, again: Rendered) -> None:
    assert german.xlsx is not None
    assert again.xlsx is not None
    for one, other in (
        (german.html, again.html),
        (german.run_json, again.run_json),
        (german.xlsx, again.xlsx),
    ):
        assert one.read_bytes() == other.read_bytes()


def test_the_record_holds_what_the_run_was(german: Rendered) -> None:
    record = json.loads(german.run_json.read_text(encoding="utf-8"))
    assert record["report"] == "review"
    assert record["parameters"]["lookback_days"] == 30
    assert record["parameters"]["database"] == "funnel.duckdb"
    assert record["as_of"] == RESULT["as_of"]
    assert record["results"] == [RESULT]  # shown twice, kept once
    assert record["versions"]["plotly"]


def _browser() -> str:
    browser = find_browser()
    if browser is None:
        pytest.skip("no Chromium or Chrome on this machine")
    return browser


@pytest.mark.browser
def test_a_browser_draws_the_figures_and_runs_nothing_else(
    german: Rendered, tmp_path: Path
) -> None:
    from funnel_analytics.report.pdf import browser_command

    drawn = subprocess.run(
        [
            *browser_command(_browser(), profile=tmp_path),
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--enable-logging=stderr",
            "--dump-dom",
            german.html.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert len(re.findall(r'class="[^"]*\bsvg-container"', drawn.stdout)) == 2
    assert "2 of 3 leads" in drawn.stdout
    assert "März 2026" in drawn.stdout
    assert "CONSOLE" not in drawn.stderr  # no error, no breach of the policy, no alert


@pytest.mark.browser
def test_the_pdf_is_printed_across(german: Rendered, tmp_path: Path) -> None:
    _browser()
    printed = tmp_path / "review.pdf"
    print_pdf(german.html, pdf=printed)
    content = printed.read_bytes()
    assert content.startswith(b"%PDF")
    box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", content)
    assert box is not None
    assert round(float(box[1])) == 842  # A4 landscape in points: 842 x 595
    assert round(float(box[2])) == 595


def test_without_a_browser_the_message_says_where_the_page_is(
    german: Rendered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "no-such-browser"))
    with pytest.raises(ReportError, match="no Chromium or Chrome was found") as caught:
        print_pdf(german.html, pdf=tmp_path / "review.pdf")
    assert str(german.html) in str(caught.value)


@pytest.fixture
def former(tmp_path: Path) -> Path:
    """A folder with a good report from before."""
    out = tmp_path / "out"
    out.mkdir()
    for name in ("stops.html", "stops.run.json", "stops.xlsx"):
        (out / name).write_text("the good one")
    return out


def _is_untouched(out: Path, *more: str) -> bool:
    good = {"stops.html", "stops.run.json", "stops.xlsx"}
    return {each.name for each in out.iterdir()} == good | set(more) and all(
        (out / name).read_text() == "the good one" for name in good
    )


def test_a_failing_cell_leaves_the_last_good_report(tmp_path: Path, former: Path) -> None:
    path = write(
        tmp_path / "stops.ipynb",
        code("period: str = '2026-10'", "parameters"),
        prose("## Waits"),
        code("undefined_name_of_a_lab_cell", "lab"),
        code("1 / 0"),
        code("'never reached'"),
    )
    with pytest.raises(ReportError) as caught:
        render(path, parameters={}, out=former, xlsx=True)
    message = str(caught.value)
    assert "stops stopped in cell 4 (below 'Waits'): ZeroDivisionError: division by zero" in message
    assert f"The notebook as far as it ran is {former / 'stops.failed.ipynb'}." in message
    assert "Traceback" not in message
    assert caught.value.exit_code == 1
    assert _is_untouched(former, "stops.failed.ipynb")
    assert "ZeroDivisionError" in (former / "stops.failed.ipynb").read_text()


def test_what_the_package_refuses_keeps_its_words_and_exit_code(tmp_path: Path) -> None:
    raised = "CallError('2026-13 is no month.\\nWrite 2026-10.')"
    path = write(
        tmp_path / "stops.ipynb",
        code(f"from funnel_analytics.errors import CallError\nraise {raised}"),
    )
    with pytest.raises(ReportError) as caught:
        render(path, parameters={}, out=tmp_path)
    assert str(caught.value).startswith(
        "2026-13 is no month.\nWrite 2026-10.\nstops stopped in cell 1; no report was written."
    )
    assert caught.value.exit_code == 2


def _raise(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C works, also where a shell started the tests in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("interrupt", [_raise, lambda *_: signal.raise_signal(signal.SIGINT)])
def test_an_interruption_leaves_nothing_behind(
    interrupt: Callable[..., None], tmp_path: Path, former: Path
) -> None:
    path = write(tmp_path / "stops.ipynb", code("1"), code("2"))
    with pytest.raises(KeyboardInterrupt):
        render(path, parameters={}, out=former, progress=interrupt)
    assert _is_untouched(former)


def test_a_run_that_leaves_early_is_no_report(tmp_path: Path, former: Path) -> None:
    path = write(tmp_path / "stops.ipynb", code("import sys\nsys.exit(0)"), code("2"))
    with pytest.raises(ReportError, match="left its run early, in cell 1"):
        render(path, parameters={}, out=former)
    assert _is_untouched(former, "stops.failed.ipynb")


def test_a_good_run_takes_the_failed_notebook_away(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "works.failed.ipynb").write_text("{}")
    path = write(tmp_path / "works.ipynb", code("import sys\nprint('mind', file=sys.stderr)"))
    with caplog.at_level(logging.WARNING, logger="funnel_analytics"):
        rendered = render(path, parameters={}, out=tmp_path)
    assert not (tmp_path / "works.failed.ipynb").exists()
    assert "works, cell 1: mind" in caplog.text
    assert page(rendered).scripts == []  # no figure, no plotly.js
    assert rendered.html.stat().st_size < 20_000


def test_a_folder_that_is_a_file_is_named(notebook: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "out"
    blocked.write_text("a file")
    with pytest.raises(ReportError, match="The report cannot be written to"):
        render(notebook, parameters={}, out=blocked)
    shutil.rmtree(tmp_path, ignore_errors=True)
