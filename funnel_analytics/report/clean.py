"""Markup from outputs and prose, without anything that runs, loads or leads out of the page."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

__all__ = ["clean_html", "clean_markdown"]

_DROPPED = (
    "script|style|iframe|object|embed|template|noscript|svg|math|title|textarea|xmp|plaintext"
)
_WITH_CONTENT = re.compile(rf"<({_DROPPED})\b[^>]*>.*?</\1\s*>", flags=re.IGNORECASE | re.DOTALL)
_STYLE = re.compile(r"<style\b[^>]*>(.*?)</style\s*>", flags=re.IGNORECASE | re.DOTALL)
_UNSAFE_CSS = re.compile(r"[<\\@]|url\s*\(|expression\s*\(|javascript:", flags=re.IGNORECASE)
_IMAGE = re.compile(r"data:image/(png|jpeg|gif);base64,[A-Za-z0-9+/=\s]+")
_TAGS = re.findall(
    r"\w+",
    """a abbr b blockquote br caption code col colgroup dd del details div dl dt em figcaption
    figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre s section small span strong sub
    summary sup table tbody td tfoot th thead tr u ul wbr""",
)
_ATTRIBUTES = re.findall(
    r"\w+",
    "align alt class colspan height lang open rowspan scope span start style title width",
)
_STYLES = re.findall(
    r"[\w-]+",
    """background-color border border-bottom border-bottom-color border-bottom-style
    border-bottom-width border-collapse border-color border-left border-left-color
    border-left-style border-left-width border-radius border-right border-right-color
    border-right-style border-right-width border-style border-top border-top-color border-top-style
    border-top-width border-width color display font font-family font-size font-style
    font-variant-numeric font-weight height letter-spacing line-height margin margin-bottom
    margin-left margin-right margin-top max-width min-width overflow-x overflow-y padding
    padding-bottom padding-left padding-right padding-top table-layout text-align text-decoration
    text-indent text-transform vertical-align white-space width""",
)


def clean_html(html: str, *, place: str) -> str:
    """Which part of an HTML output may stand in a report?

    Text, tables, lists and pictures within the page. A table may bring its own style sheet: it is
    kept when it loads nothing, and held to the table, whose id becomes `place`.
    """
    css = "\n".join(_STYLE.findall(html))
    root = _root(html, css)
    cleaned = _clean(html, root)
    if root is None:
        return cleaned
    css = re.sub(rf"#{re.escape(root)}(?![\w-])", ":scope", css)
    cleaned = cleaned.replace(f'id="{root}"', f'id="{place}"', 1)
    return f"<style>\n@scope (#{place}) {{\n{css.strip()}\n}}\n</style>\n{cleaned}"


def clean_markdown(text: str, *, is_raw_html_shown: bool = False) -> str:
    """Markdown as HTML; raw markup in it is cleaned, or shown as the text that it is."""
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    renderer = IPythonRenderer(escape=is_raw_html_shown, exclude_anchor_links=True)
    return _clean(MarkdownWithMath(renderer=renderer).render(text), None)


def _root(html: str, css: str) -> str | None:
    """The first id that the style sheet speaks of, None if the sheet must go."""
    if not css or _UNSAFE_CSS.search(css) or css.count("{") != css.count("}"):
        return None
    named = set(re.findall(r"#([A-Za-z][\w-]*)", css))
    return next((each for each in re.findall(r'\bid="([\w-]+)"', html) if each in named), None)


def _clean(html: str, root: str | None) -> str:
    before = None
    while before != html:
        before, html = html, _WITH_CONTENT.sub("", html)
    sanitizer = _sanitizer()
    sanitizer.attributes = _allowed(root)
    cleaned: str = sanitizer.sanitize_html_tags(html)
    return cleaned


@cache
def _sanitizer() -> Any:
    from nbconvert.preprocessors.sanitize import SanitizeHTML

    return SanitizeHTML(tags=_TAGS, styles=_STYLES, strip=True, strip_comments=True)


def _allowed(root: str | None) -> Any:
    def allowed(tag: str, name: str, value: str) -> bool:
        if name == "id":
            return value == root
        if name == "href":
            return tag == "a" and value.startswith("#")
        if name == "src":
            return tag == "img" and _IMAGE.fullmatch(value) is not None
        return name in _ATTRIBUTES

    return allowed
