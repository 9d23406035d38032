"""The SQL lint reads our files as the warehouse does, and says no where it should."""

from __future__ import annotations

import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import jinja2

from funnel_analytics.warehouse.dialect import DuckDBDialect
from tests.project.tree import PACKAGE, ROOT

GOOD = """\
-- One row per stage: how many leads reached it, and their median days.
-- params: by, cohort_start
with

{% for k in stages %}
reached_{{ k }} as (

    select
        lead_no,
        segment,
        {{ seconds_between('created_at', 'entered_at') }} / 86400.0 as days
    from progress
    where
        position >= {{ k }}
        and created_at >= $cohort_start
        and attribute = $by

){% if not loop.last %},{% endif %}

{% endfor %}

{% for k in stages %}
select
    {{ k }} as position,
    segment,
    count(lead_no) as reached_leads,
    {{ quantile('days', '0.5') }} as median_days
from reached_{{ k }}
group by segment
{% if not loop.last %}
union all
{% endif %}
{% endfor %}
"""


def lint(file: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "tests" / "project" / "lint_sql.py"), str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def macros() -> dict[str, str]:
    config = ConfigParser(interpolation=None)
    config.read(ROOT / ".sqlfluff", encoding="utf-8")
    return dict(config["sqlfluff:templater:jinja:macros"])


def test_the_lint_fills_in_what_the_warehouse_fills_in():
    dialect = DuckDBDialect().macros()
    shared = {path.stem for path in (PACKAGE / "sql" / "fragments").glob("*.cte")}
    assert set(macros()) == {*dialect, *shared}
    for name, text in macros().items():
        if name in shared:
            continue
        arguments = {"null_timestamp": ()}.get(name, ("a", "b"))
        if name in ("double", "end_of_day"):
            arguments = ("a",)
        module = jinja2.Environment(autoescape=False).from_string(text).module
        assert str(getattr(module, name)(*arguments)) == dialect[name](*arguments)


def test_a_query_that_loops_over_the_stages_passes(tmp_path: Path):
    file = tmp_path / "good.sql"
    file.write_text(GOOD, encoding="utf-8")
    done = lint(file)
    assert done.returncode == 0, done.stdout


def test_a_query_that_breaks_the_style_does_not(tmp_path: Path):
    file = tmp_path / "bad.sql"
    file.write_text("SELECT channel\n, sum(spend)::double\nfrom spend\n", encoding="utf-8")
    done = lint(file)
    assert done.returncode != 0
    for rule in ("capitalisation.keywords", "layout.commas", "convention.casting_style"):
        assert rule in done.stdout


# More files than one core takes at once: a fault is found wherever it is dealt to.
def test_one_bad_query_among_many_is_named(tmp_path: Path):
    for number in range(20):
        (tmp_path / f"good_{number}.sql").write_text(
            "select lead_no\nfrom leads\n", encoding="utf-8"
        )
    (tmp_path / "bad.sql").write_text("SELECT lead_no\nfrom leads\n", encoding="utf-8")
    done = lint(tmp_path)
    assert done.returncode == 1, done.stdout
    assert "bad.sql" in done.stdout
    assert "good_" not in done.stdout
    assert "21 files" in done.stdout
