"""Runs sqlfluff over the `.sql` files: `python tests/project/lint_sql.py [--fix] [PLACE…]`.

sqlfluff's DuckDB dialect reads `$1` but not `$name`, so its lexer learns the named form here. A
file that loops over stages or columns, or makes macros, is linted without the rules on indentation
and trailing commas: they judge the rendered text, have no answer for a `select` list that ends
inside a loop, and want the bodies of macros at the margin.

sqlfluff needs a third of a second for a file: the files are dealt to all cores.
"""

import io
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from configparser import ConfigParser
from contextlib import redirect_stdout
from itertools import starmap
from pathlib import Path

from sqlfluff.cli.commands import fix, lint
from sqlfluff.core.parser import LiteralSegment, RegexLexer
from sqlfluff.dialects.dialect_duckdb import duckdb_dialect

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / ".sqlfluff"
HAND = 8
"""Files that a core lints before it takes more."""

duckdb_dialect.sets("reserved_keywords").discard("MERGES")  # PostgreSQL's, not DuckDB's
duckdb_dialect.patch_lexer_matchers(
    [RegexLexer("dollar_numeric_literal", r"\$[a-z_][a-z0-9_]*", LiteralSegment)]
)


def is_free(text: str) -> bool:
    """Are the rules on indentation and trailing commas left out for this text?"""
    return "{%" in text or " macro " in text


def run(files: list[Path], without: str, repair: bool) -> tuple[int, str]:
    """sqlfluff's exit code over some files, and what it said."""
    command = fix if repair else lint
    arguments = ["--config", str(CONFIG), "--exclude-rules", without, *map(str, files)]
    said = io.StringIO()
    code = 0
    with redirect_stdout(said):
        try:
            command.main(arguments, standalone_mode=False)
        except SystemExit as end:
            code = int(end.code or 0)
    return code, said.getvalue()


def dealt(files: list[Path]) -> list[list[Path]]:
    """The files in hands of a few, the longest first, so that no core ends with a long one."""
    ranked = sorted(files, key=lambda file: (-file.stat().st_size, file))
    return [ranked[place : place + HAND] for place in range(0, len(ranked), HAND)]


def main(arguments: list[str]) -> int:
    """0 if all files pass."""
    repair = "--fix" in arguments
    places = [Path(each) for each in arguments if each != "--fix"]
    files = {
        file
        for place in places or [ROOT / "funnel_analytics" / "sql"]
        for file in ([place] if place.is_file() else place.rglob("*.sql"))
    }
    config = ConfigParser(interpolation=None)
    config.read(CONFIG, encoding="utf-8")
    rules = config["sqlfluff"]["exclude_rules"]
    layout = "layout.indent, convention.select_trailing_comma"
    free = [file for file in files if is_free(file.read_text(encoding="utf-8"))]
    strict = [file for file in files if file not in free]
    work = [
        *((hand, rules, repair) for hand in dealt(strict)),
        *((hand, f"{rules}, {layout}", repair) for hand in dealt(free)),
    ]
    if len(work) == 1:
        results = list(starmap(run, work))
    else:
        with ProcessPoolExecutor(os.cpu_count()) as cores:
            results = list(cores.map(run, *zip(*work, strict=True)))
    for code, said in results:
        if code or repair:
            sys.stdout.write(said)
    faulty = sum(code != 0 for code, _ in results)
    sys.stdout.write(f"{len(files)} files of SQL, {'some faulty' if faulty else 'all in style'}\n")
    return max((code for code, _ in results), default=0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
