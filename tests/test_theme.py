"""The look: colours live in one file, can be told apart and are readable."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import funnel_analytics
from funnel_analytics import theme
from funnel_analytics.errors import CallError

PACKAGE = Path(funnel_analytics.__file__).parent
COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b|#[0-9a-fA-F]{3}\b(?!\w)|rgba?\(")


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.1)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [x / 12.92 if x <= 0.03928 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_no_other_python_file_holds_a_colour() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}: {line.strip()}"
        for path in PACKAGE.rglob("*.py")
        if path.name != "theme.py"
        for line in path.read_text(encoding="utf-8").splitlines()
        if COLOUR.search(line)
    ]
    assert found == []


def test_the_palette_is_okabe_and_itos() -> None:
    assert theme.PALETTE[:4] == ("#0072B2", "#E69F00", "#009E73", "#CC79A7")
    assert (theme.GOOD, theme.BAD) == ("#0072B2", "#D55E00")


@pytest.mark.parametrize("colour", [theme.INK, theme.MUTED, theme.ACCENT])
def test_text_is_readable_on_paper(colour: str) -> None:
    assert contrast(colour, theme.PAPER) >= 4.5


def test_series_differ_by_more_than_colour() -> None:
    styles = [theme.series_style(number) for number in range(5)]
    for key in ("color", "dash", "symbol"):
        assert len({style[key] for style in styles}) == 5
    assert theme.series_style(7)["color"] == theme.QUIET


def test_separators_follow_the_language() -> None:
    assert (theme.separators("de"), theme.separators("en")) == (",.", ".,")
    with pytest.raises(CallError, match="'fr'"):
        theme.separators("fr")


def test_the_report_finds_its_colours() -> None:
    names = {"ink", "muted", "line", "accent", "warn", "paper", "fonts"}
    assert names <= set(theme.CSS_VARIABLES)
