"""Runs sqlfluff over the `.sql` files: `python tests/project/lint_sql.py [--fix] [PLACE…]`.

sqlfluff's DuckDB dialect reads `$1` but not `$name`, so its lexer learns the named form here. A
file that loops over stages or columns, or makes macros, is linted without the rules on indentation
and trailing commas: they judge the rendered text, have no answer for a `select` list that ends
inside a loop, and want the bodies of macros at the margin.
"""

import sys
from configparser import ConfigParser
from pathlib import Path

from sqlfluff.cli.commands import fix, lint
from sqlfluff.core.parser import LiteralSegment, RegexLexer
from sqlfluff.dialects.dialect_duckdb import duckdb_dialect

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / ".sqlfluff"

duckdb_dialect.sets("reserved_keywords").discard("MERGES")  # PostgreSQL's, not DuckDB's
duckdb_dialect.patch_lexer_matchers(
    [RegexLexer("dollar_numeric_literal", r"\$[a-z_][a-z0-9_]*", LiteralSegment)]
)


def is_free(text: str) -> bool:
    """Are the rules on indentation and trailing commas left out for this text?"""
    return "{%" in text or " macro " in text


def run(files: list[Path], *, without: str, repair: bool) -> int:
    """sqlfluff's exit code over some files; 0 when there are none."""
    if not files:
        return 0
    command = fix if repair else lint
    arguments = ["--config", str(CONFIG), "--exclude-rules", without, *map(str, files)]
    try:
        command.main(arguments, standalone_mode=False)
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def main(arguments: list[str]) -> int:
    """0 if all files pass."""
    repair = "--fix" in arguments
    places = [Path(each) for each in arguments if each != "--fix"]
    files = sorted(
        file
        for place in places or [ROOT / "funnel_analytics" / "sql"]
        for file in ([place] if place.is_file() else place.rglob("*.sql"))
    )
    config = ConfigParser(interpolation=None)
    config.read(CONFIG, encoding="utf-8")
    rules = config["sqlfluff"]["exclude_rules"]
    layout = "layout.indent, convention.select_trailing_comma"
    free = [file for file in files if is_free(file.read_text(encoding="utf-8"))]
    strict = [file for file in files if file not in free]
    return max(
        run(strict, without=rules, repair=repair),
        run(free, without=f"{rules}, {layout}", repair=repair),
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
