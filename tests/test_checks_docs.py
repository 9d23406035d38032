"""docs/checks.md lists every check with its limits, as the code has them."""

from __future__ import annotations

from pathlib import Path

from funnel_analytics.checks import CHECKS
from funnel_analytics.wording.catalogue import load_texts

PAGE = Path(__file__).parents[1] / "docs" / "checks.md"
BEGIN, END = "test_checks_docs.py -->\n", "<!-- end of checks -->"


def expected() -> str:
    """The table of the page."""
    texts = load_texts("en")["check"]
    rows = [
        "| check | what it means | review above | fails above | distorts |",
        "|---|---|---|---|---|",
    ]
    for name, check in CHECKS.items():
        limits = [
            ""
            if limit is None
            else f"{limit:g} days"
            if check.measure == "days"
            else f"{100 * limit:g} %"
            for limit in (check.review_above, check.fail_above)
        ]
        meaning = f"**{texts[name]['title']}.** {texts[name]['means']}"
        distorts = ", ".join(f"`{metric}`" for metric in check.distorts)
        rows.append(f"| `{name}` | {meaning} | {limits[0]} | {limits[1]} | {distorts} |")
    return "\n".join(rows) + "\n"


def test_the_page_lists_every_check() -> None:
    written = PAGE.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0]
    assert written == expected(), "write the table of docs/checks.md as test_checks_docs.expected()"


def test_every_rule_that_is_explained_is_a_check() -> None:
    rules = PAGE.read_text(encoding="utf-8").split("## Rules that need more words")[1]
    named = {line.split("`")[1] for line in rules.splitlines() if line.startswith("**`")}
    assert named
    assert named <= set(CHECKS)
