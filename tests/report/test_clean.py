from __future__ import annotations

import great_tables
import pandas as pd
import pytest

from funnel_analytics.report.clean import clean_html, clean_markdown
from funnel_analytics.report.figures import figure_html
from funnel_analytics.report.framing import framed_table


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<SCRIPT SRC=http://evil.example/x.js></SCRIPT>",
        "<scr<script>x</script>ipt>alert(1)</script>",
        "<script>alert(1)",
        "<img src=x onerror=alert(1)>",
        "<img src='http://evil.example/x.png'>",
        "<img src='data:image/svg+xml;base64,PHN2Zz4='>",
        "<svg onload=alert(1)><script>alert(1)</script></svg>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href='https://evil.example'>x</a>",
        "<iframe src='http://evil.example'></iframe>",
        "<div style='background: url(http://evil.example/x)'>x</div>",
        "<style>@import 'http://evil.example'</style>",
        '<style>#a { background: url(http://evil.example) }</style><p id="a">x</p>',
        "<form action='http://evil.example'><button>x</button></form>",
        "<base href='http://evil.example/'>",
        "<meta http-equiv=refresh content='0;url=http://evil.example'>",
        "<link rel=stylesheet href='http://evil.example/x.css'>",
        "<!--<script>-->alert(1)<!--</script>-->",
    ],
)
def test_nothing_runs_loads_or_leads_out(html: str) -> None:
    for cleaned in (clean_html(html, place="t"), clean_markdown(html)):
        lowered = cleaned.lower()
        for word in ("<script", "<img src", "onerror", "onload", "evil.example", "<iframe"):
            assert word not in lowered
        for word in ("<style", "<form", "<base", "<meta", "<link", "<svg", "javascript:"):
            assert word not in lowered


def test_a_table_keeps_its_look_and_its_text() -> None:
    frame = pd.DataFrame({"segment": ["<b>a</b> & b"], "leads": [3]})
    table = great_tables.GT(frame, id="chosen").tab_header("Leads")
    table = table.tab_style(great_tables.style.text(weight="bold"), great_tables.loc.body())
    cleaned = clean_html(table.as_raw_html(), place="output-1-1")
    assert cleaned.startswith("<style>\n@scope (#output-1-1) {")
    assert 'id="output-1-1"' in cleaned
    assert "chosen" not in cleaned
    assert ":scope .gt_row" in cleaned
    assert "&lt;b&gt;a&lt;/b&gt; &amp; b" in cleaned
    assert "font-weight: bold" in cleaned
    assert 'scope="col"' in cleaned


def framed(subtitle_above: str = "") -> str:
    frame = pd.DataFrame({"segment": ["a"], "leads": [3]})
    table = great_tables.GT(frame, id="chosen").tab_header("6 leads <b>", "Of March")
    table = table.tab_source_note("n = 6 leads").tab_source_note("As of May")
    return framed_table(clean_html(table.as_raw_html(), place="t"), subtitle_above=subtitle_above)


def test_title_and_notes_of_a_table_are_text_around_it() -> None:
    page = framed()
    head, table = page.split("<table", 1)
    body, below = table.split("</table>")
    assert '<h3 class="title">6\N{NO-BREAK SPACE}leads &lt;b&gt;</h3>' in head
    assert '<p class="subtitle">Of March</p>' in head
    assert "leads &lt;" not in body
    assert "As of" not in body
    assert "<tfoot" not in body
    assert "6\N{NO-BREAK SPACE}leads" in below
    assert "As of May" in below


def test_a_table_leaves_the_subtitle_to_the_figure_above() -> None:
    assert "Of March" not in framed("Of March")
    assert "Of March" in framed("Of April")


def test_a_table_without_a_frame_stays_as_it_is() -> None:
    bare = "<table><tr><td>1</td></tr></table>"
    assert framed_table(bare) == bare


def test_random_ids_do_not_reach_the_page() -> None:
    frame = pd.DataFrame({"leads": [3]})
    one, other = (clean_html(great_tables.GT(frame).as_raw_html(), place="t") for _ in range(2))
    assert one == other


def test_markdown_from_outputs_shows_markup_as_text() -> None:
    shown = clean_markdown("**12** <img src=x> & <b>x</b>", is_raw_html_shown=True)
    assert shown.strip() == (
        "<p><strong>12</strong> &lt;img src=x&gt; &amp; &lt;b&gt;x&lt;/b&gt;</p>"
    )


def test_prose_keeps_lists_and_tables() -> None:
    html = clean_markdown("## A\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n- x\n")
    for part in ("<h2>A</h2>", "<td>1</td>", "<li>x</li>"):
        assert part in html


OURS = {
    "data": [],
    "layout": {
        "title": {"text": "<b>6 leads</b>"},
        "height": 500,
        "margin": {"l": 60, "r": 20, "t": 100, "b": 90, "pad": 4},
        "meta": {
            "finding": "6 leads <b>",
            "subtitle": "Of March",
            "notes": ["n = 6 leads", "Hatched: not yet."],
            "above": 63,
            "below": 32,
        },
    },
}


def test_a_figure_of_ours_has_its_words_around_it() -> None:
    html = figure_html(OURS, place="output-1-1")
    assert '<h3 class="finding">6\N{NO-BREAK SPACE}leads &lt;b&gt;</h3>' in html
    assert '<p class="subtitle">Of March</p>' in html
    assert '<p class="notes">n = 6\N{NO-BREAK SPACE}leads Hatched: not yet.</p>' in html
    assert '"page":{"height":405,"margin":{"l":60,"r":20,"t":37,"b":58,"pad":4}}' in html
    assert '"meta"' not in html


def test_a_note_that_the_table_says_is_said_there_only() -> None:
    said = figure_html(OURS, place="output-1-1", said="Leads 6 n = 6 leads As of May")
    assert '<p class="notes">Hatched: not yet.</p>' in said


def test_a_figure_is_data_that_cannot_leave_its_element() -> None:
    figure = {
        "data": [{"type": "bar", "y": ["</script><script>alert(1)</script>", "<a href='x'>y</a>"]}],
        "layout": {
            "title": {"text": 'A "title" <b>bold</b><br>second'},
            "images": [{"source": "http://evil.example/x.png"}],
        },
        "config": {"plotlyServerURL": "https://plot.example"},
    }
    html = figure_html(figure, place="output-1-1")
    assert html.count("<script") == html.count("</script>") == 1
    assert "<a" not in html
    assert "evil.example" not in html
    assert "plot.example" not in html
    assert 'aria-label="A &quot;title&quot; bold second"' in html
