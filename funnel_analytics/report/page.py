"""An executed notebook as one HTML page that needs nothing from outside itself."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from html import escape
from importlib import resources
from typing import Any

from funnel_analytics.errors import CallError
from funnel_analytics.report.clean import clean_html, clean_markdown
from funnel_analytics.report.figures import embedded, figure_html, plotly_locale, subtitle_of
from funnel_analytics.report.framing import framed_table, plain_text
from funnel_analytics.report.notebooks import headings, language_of, tags
from funnel_analytics.results import MIME
from funnel_analytics.theme import CSS_VARIABLES
from funnel_analytics.wording import words_in

__all__ = ["page_html", "shown_results", "worded_period"]

_PLOTLY = "application/vnd.plotly.v1+json"
_PICTURES = ("image/png", "image/jpeg")
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_HEADING = re.compile(r"<h([1-3])>(.*?)</h\1>", flags=re.DOTALL)
_PROSE = '<section class="prose">'
_NOTICE = 'class="notice"'
_LEAST_CONTENTS = 2
WORDS = {
    "de": {
        "contents": "Inhalt",
        "figures": "Die Diagramme dieser Seite zeichnet JavaScript; hier ist es ausgeschaltet.",
        "record": "Abfragen, Parameter und Versionen hinter jeder Zahl",
        "page": "Seite",
        "printed_record": "Herkunft der Zahlen",
    },
    "en": {
        "contents": "Contents",
        "figures": "The charts of this page are drawn by JavaScript, which is switched off here.",
        "record": "Queries, parameters and versions behind every number",
        "page": "Page",
        "printed_record": "Source of the numbers",
    },
}


def page_html(notebook: Any, *, name: str, period: str, language: str, made_with: str) -> str:
    """One page: the prose of a language and every output, with plotly.js embedded once.

    Code, `hidden` and `lab` cells, cells of the other language and error streams stay out; of
    equal notices in a row (a figure's, its table's, the next section's) one is shown. The page's
    policy lets no script run but its own two and lets nothing be loaded.
    """
    from nbconvert.exporters import TemplateExporter

    template = resources.files("funnel_analytics.report") / "template"
    blocks, contents = _with_anchors(list(_without_repeats(_blocks(notebook, language))))
    is_drawn = any("data-figure=" in block for block in blocks)
    start = (template / "funnel" / "figures.js").read_text(encoding="utf-8")
    scripts = [_plotly(), start] if is_drawn else []
    title = next(iter(headings(notebook.cells, language=language)), name)
    full_title = f"{title} – {worded_period(period, language)}" if period else title
    page = {
        "language": language,
        "title": full_title,
        "name": name,
        "period": worded_period(period, language),
        "policy": _policy(scripts),
        "variables": {key.removeprefix("--"): each for key, each in CSS_VARIABLES.items()},
        "style": (template / "funnel" / "style.css").read_text(encoding="utf-8"),
        "printed_title": _css_text(full_title),
        "printed_page": _css_text(WORDS[language]["page"] + " "),
        "printed_record": _css_text(
            f"{WORDS[language]['printed_record']}: {name}.run.json · {made_with} · "
        ),
        "contents": contents if len(contents) >= _LEAST_CONTENTS else [],
        "blocks": blocks,
        "locale": embedded(plotly_locale(language)) if is_drawn else "",
        "scripts": scripts,
        "words": WORDS[language],
        "made_with": made_with,
    }
    exporter = TemplateExporter(
        template_name="funnel",
        template_file="index.html.j2",
        extra_template_basedirs=[str(template)],
        file_extension=".html",
        default_preprocessors=[],
    )
    body, _ = exporter.from_notebook_node(notebook, resources={"page": page})
    return str(body)


def shown_results(notebook: Any) -> list[dict[str, Any]]:
    """Every result that the notebook showed, once each, in order."""
    results: list[dict[str, Any]] = []
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            record = output.get("data", {}).get(MIME)
            if record is not None and record not in results:
                results.append(record)
    return results


def worded_period(text: str, language: str) -> str:
    """A period as a language says it; a text that names none stays as it was given."""
    try:
        return words_in(language).period(text)
    except CallError:
        return text


def _blocks(notebook: Any, language: str) -> Iterable[str]:
    for number, cell in enumerate(notebook.cells, start=1):
        if "lab" in tags(cell) or language_of(cell) not in (None, language):
            continue
        if cell.cell_type == "markdown":
            yield f'<section class="prose">\n{clean_markdown(cell.source)}</section>'
        elif cell.cell_type == "code" and "hidden" not in tags(cell):
            for position, output in enumerate(cell.outputs, start=1):
                place = f"output-{number}-{position}"
                before, after = cell.outputs[: position - 1], cell.outputs[position:]
                block = _output(output, place, before=before[-1:], after=after[:1])
                if block:
                    yield block


def _output(output: Any, place: str, *, before: list[Any], after: list[Any]) -> str:
    """An output as a block; what the one before or after it says is not said again."""
    if output.output_type == "stream":
        return _plain(output.text) if output.name == "stdout" else ""
    data = output.get("data", {})
    if MIME in data:
        return ""
    if _PLOTLY in data:
        said = "".join(plain_text(each.get("data", {}).get("text/html", "")) for each in after)
        drawn = figure_html(data[_PLOTLY], place=place, said=said)
        return f'<section class="drawn">{drawn}</section>'
    if "text/html" in data:
        above = "".join(subtitle_of(each.get("data", {}).get(_PLOTLY, {})) for each in before)
        table = clean_html(data["text/html"], place=place)
        return f'<section class="table">{framed_table(table, subtitle_above=above)}</section>'
    for kind in _PICTURES:
        if kind in data:
            source = re.sub(r"\s", "", data[kind])
            return (
                f'<section class="picture"><img alt="" src="data:{kind};base64,{source}"></section>'
            )
    if "text/markdown" in data:
        prose = clean_markdown(data["text/markdown"], is_raw_html_shown=True)
        return f'<section class="prose">\n{prose}</section>'
    return _plain(data["text/plain"]) if "text/plain" in data else ""


def _without_repeats(blocks: Iterable[str]) -> Iterable[str]:
    """The blocks, each notice once where a figure, its table or the next section would repeat it.

    A section that holds nothing but the notice before it has nothing to say, and goes with it.
    """
    last, waiting = "", []
    for block in blocks:
        if block.startswith(_PROSE):
            waiting.append(block)
        elif block == last and _NOTICE in block:
            waiting = []
        else:
            yield from (*waiting, block)
            last, waiting = block, []
    yield from waiting


def _plain(text: str) -> str:
    shown = escape(_ADDRESS.sub("", text).strip())
    return f'<section class="plain"><pre>{shown}</pre></section>' if shown else ""


def _with_anchors(blocks: list[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """The blocks with an id on every heading, and the headings of the second level."""
    contents: list[tuple[str, str]] = []
    count = 0

    def anchored(found: re.Match[str]) -> str:
        nonlocal count
        count += 1
        level, text = found.groups()
        if level == "2":
            contents.append((f"part-{count}", re.sub(r"<[^>]*>", "", text)))
        return f'<h{level} id="part-{count}">{text}</h{level}>'

    anchored_blocks = [
        _HEADING.sub(anchored, block) if block.startswith(_PROSE) else block for block in blocks
    ]
    return anchored_blocks, contents


def _plotly() -> str:
    bundle = resources.files("plotly") / "package_data" / "plotly.min.js"
    return bundle.read_text(encoding="utf-8").replace("</script", "<\\/script")


def _policy(scripts: list[str]) -> str:
    hashes = [
        base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts
    ]
    allowed = " ".join(f"'sha256-{each}'" for each in hashes) or "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _css_text(text: str) -> str:
    return "".join(char if char.isalnum() or char == " " else f"\\{ord(char):x} " for char in text)
