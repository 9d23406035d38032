"""Reads an agreement from its TOML file; all faults are reported at once."""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from funnel_analytics.agreement.model import Agreement
from funnel_analytics.agreement.parts import build
from funnel_analytics.agreement.reading import Reader
from funnel_analytics.errors import AgreementError, did_you_mean, listed

_SUFFIX = ".agreement.toml"
_POSITION = re.compile(r"(?P<what>.*) \(at line (?P<line>\d+), column (?P<column>\d+)\)", re.DOTALL)


def shipped_agreements() -> tuple[str, ...]:
    """The names of the agreements that come with the package, in alphabetical order."""
    return tuple(sorted(path.name.removesuffix(_SUFFIX) for path in _shipped()))


def load_agreement(path_or_name: str | Path) -> Agreement:
    """What did both departments agree on?

    Parameters
    ----------
    path_or_name
        A TOML file, or the name of an agreement that comes with the package, such as `"olist"`.

    Returns
    -------
    Agreement
        Frozen values. `sha256` tells versions of the file apart, whatever its line ends.

    Raises
    ------
    AgreementError
        The file is missing, unreadable, not TOML or has faults; the message lists all of them,
        each with its dotted place. Places count from 1: `stages[2]` is the second stage.

    >>> load_agreement("olist").stage_names
    ('marketing_qualified', 'won')
    """
    path = Path(path_or_name)
    if isinstance(path_or_name, str) and path_or_name in shipped_agreements():
        path = next(each for each in _shipped() if each.name == path_or_name + _SUFFIX)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        names = shipped_agreements()
        raise AgreementError(
            f"There is no agreement {path}. Name a TOML file or one that comes with the package: "
            f"{', '.join(names)}.{did_you_mean(str(path_or_name), names)}"
        ) from error
    except UnicodeDecodeError as error:
        raise AgreementError(
            f"The agreement {path} is not UTF-8 text (byte {error.start + 1}). "
            "Save it again with the encoding UTF-8."
        ) from error
    except OSError as error:
        raise AgreementError(
            f"The agreement {path} cannot be read: {error.strerror or error}."
        ) from error
    return replace(parse_agreement(text, name=str(path)), path=path.resolve())


def parse_agreement(text: str, *, name: str = "agreement.toml") -> Agreement:
    """The agreement that a TOML text states; `name` is what messages call it.

    Raises
    ------
    AgreementError
        The text is not TOML, or the agreement has faults: all of them are listed.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    faults: list[str] = []
    agreement = build(Reader(_toml(text, name), "", faults))
    if faults:
        count = "a fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise AgreementError(f"The agreement {name} has {count}:\n{listed(faults)}")
    return replace(agreement, text=text, sha256=hashlib.sha256(text.encode()).hexdigest())


def _toml(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        lines = text.split("\n")
        found = _POSITION.fullmatch(str(error))
        number = int(found["line"]) if found else len(text.rstrip("\n").split("\n"))
        what = found["what"] if found else str(error).removesuffix(" (at end of document)")
        raise AgreementError(
            f"The agreement {name} is not valid TOML, line {number}: {what}.\n"
            f"{number:>5} | {lines[number - 1]}"
        ) from error


def _shipped() -> list[Path]:
    folder = Path(str(files("funnel_analytics"))) / "sources" / "presets"
    return [path for path in folder.glob(f"*{_SUFFIX}") if path.is_file()]
