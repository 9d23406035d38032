"""What the values of a column look like: their form, their counts and a shape without content."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

__all__ = ["Form", "Profile", "answers", "profile", "shape_of", "squashed", "words_of"]

Form = Literal[
    "empty",
    "email",
    "phone",
    "boolean",
    "date",
    "instant",
    "epoch",
    "integer",
    "number",
    "key",
    "person",
    "word",
    "text",
]
"""What most values of a column are. `key` tells rows apart, `person` reads like people's names,
`word` is one of few that come again and again."""

MISSING = frozenset({"", "--", "-", "null", "none", "n/a", "na", "nan", "nil", "#n/a"})
_TYPED = "\x02"
_MOST = 0.9
_FEW_WORDS = 40
_LONGEST_WORD = 60
_MOST_DIGITS = 5
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}")
_PHONE = re.compile(r"(\+|00?)[\d\s()/.-]{6,}\d")
_NAME = re.compile(r"[^\W\d_]\w*\.?([ -][^\W\d_][\w']*\.?){1,3}")
_KEY = re.compile(r"[\w:=+/.#-]*[\d=][\w:=+/.#-]*")
_NUMBER = re.compile(r"[-+]?(\d{1,3}([.,' ]\d{3})+|\d+)([.,]\d*)?( ?%)?")
_MONEY = re.compile(r"\s*([€$£]|\b(EUR|USD|CHF|GBP)\b)\s*")
_TIME = r"[T ]\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?[AaPp][Mm])?( ?(Z|UTC|[+-]\d{2}:?\d{2}))?"
_DATE = re.compile(
    r"(\d{4}-\d{2}-\d{2}|\d{8}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4})(?P<time>" + _TIME + ")?"
)
_TWO_ORDERS = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-]\d{2,4}")
_EPOCH = re.compile(r"(1\d{9}|1\d{12}|1\d{15})")
_BOOLEANS = frozenset(
    [
        "true",
        "false",
        "yes",
        "no",
        "ja",
        "nein",
        "wahr",
        "falsch",
        "t",
        "f",
        "y",
        "n",
        "j",
        "0",
        "1",
    ]
)


@dataclass(frozen=True)
class Profile:
    """One column as its first records show it.

    `words` are kept where there are few of them; `shape` is the commonest value with its letters
    and digits masked; `gaps` are the spellings of "nothing" that were found. Of numbers, `decimals`
    are the marks that can only be decimal ones, `groups` those that can stand before thousands;
    `is_above_one` where one is 2 or more. `repeated` counts values that come again.
    """

    header: str
    form: Form
    records: int
    filled: int
    different: int
    fitting: int
    shape: str
    words: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    decimals: str = ""
    groups: str = ""
    longest: int = 0
    is_ambiguous_date: bool = False
    is_like_people: bool = False
    is_above_one: bool = False
    repeated: int = 0

    @property
    def tells_apart(self) -> bool:
        """Does no value come twice?"""
        return self.filled > 0 and not self.repeated

    @property
    def described(self) -> str:
        """The evidence of the values in a few words, with counts."""
        if self.form == "empty":
            return "no values in the records looked at"
        counts = f"{self.fitting} of {self.filled}"
        if self.filled < self.records:
            counts += f", {self.records - self.filled} missing"
        return f"{_DESCRIBED[self.form]} {self.shape} ({counts}; {self.different} different)"


_DESCRIBED: dict[Form, str] = {
    "empty": "nothing",
    "email": "e-mail addresses",
    "phone": "phone numbers",
    "boolean": "yes and no",
    "date": "dates",
    "instant": "dates with times",
    "epoch": "times as counts since 1970",
    "integer": "whole numbers",
    "number": "numbers",
    "key": "keys",
    "person": "names of people",
    "word": "words",
    "text": "texts",
}


def squashed(text: str) -> str:
    """A header without case, blanks and signs: `Created Date`, `created_date`, `CreatedDate`."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum())


def words_of(header: str) -> tuple[str, ...]:
    """The words of a header: `numberOfEmployees` and `number_of_employees` have three."""
    parted = re.sub(r"(?<=[a-zäöüß\d])(?=[A-ZÄÖÜ])", " ", unicodedata.normalize("NFKC", header))
    return tuple(word.casefold() for word in re.findall(r"[^\W_]+", parted))


def profile(header: str, values: Sequence[str]) -> Profile:
    """How the values of one column look."""
    bare = [_bare(value) for value in values]
    filled = [text for text in bare if text.casefold() not in MISSING]
    different = len(set(filled))
    form, fitting = _form(filled, different)
    shapes = Counter(shape_of(text) for text in filled)
    shape = min(shapes, key=lambda each: (-shapes[each], each)) if shapes else ""
    return Profile(
        header,
        form,
        len(values),
        len(filled),
        different,
        fitting,
        shape,
        _words(filled) if form in ("word", "boolean", "integer") else (),
        tuple(sorted({text for text in bare if text and text.casefold() in MISSING})),
        *(_marks(filled) if form in ("number", "integer") else ("", "")),
        max(map(len, filled), default=0),
        form in ("date", "instant") and _both_orders(filled),
        form in ("word", "person") and _like_people(filled) >= _MOST * len(filled),
        form in ("integer", "number") and any(map(_is_above_one, filled)),
        len(filled) - different,
    )


def answers(value: str, among: Iterable[str]) -> bool:
    """Is a value one of these words, in any case?"""
    return _bare(value).casefold() in among


def shape_of(text: str) -> str:
    """A value with every letter as `a` and every digit as `9`; long runs are cut.

    >>> shape_of("jane.doe@example.com"), shape_of("31.10.2026")
    ('aaa.aaa@aaa.aaa', '99.99.9999')
    """
    masked = "".join(_mask(character) for character in text[:80])
    cut = re.sub(r"9{5,}", "9999…", re.sub(r"a{4,}", "aaa", masked))
    return cut if len(cut) <= 24 else f"{cut[:23]}…"


def _mask(character: str) -> str:
    if character.isalpha():
        return "a"
    if character.isdigit():
        return "9"
    return character if character in " .,:;@/+-_()%€$'#&=" else "?"


def _bare(value: str) -> str:
    return value.removeprefix(_TYPED).strip()


def _form(filled: Sequence[str], different: int) -> tuple[Form, int]:
    if not filled:
        return "empty", 0
    tests: Iterable[tuple[Form, Callable[[str], bool], float]] = (
        ("email", lambda text: bool(_EMAIL.fullmatch(text)), 0.5),
        ("boolean", lambda text: text.casefold() in _BOOLEANS, 1.0),
        ("epoch", lambda text: bool(_EPOCH.fullmatch(text)), _MOST),
        ("instant", _is_instant, _MOST),
        ("date", _is_date, _MOST),
        ("integer", lambda text: bool(re.fullmatch(r"[-+]?\d+", text)), _MOST),
        ("number", lambda text: bool(_NUMBER.fullmatch(_MONEY.sub("", text))), _MOST),
        ("phone", lambda text: bool(_PHONE.fullmatch(text)), 0.5),
    )
    for form, test, least in tests:
        fitting = sum(map(test, filled))
        if fitting >= least * len(filled):
            return form, fitting
    people = _like_people(filled)
    keys = sum(bool(_KEY.fullmatch(text)) for text in filled)
    if keys >= _MOST * len(filled):
        return "key", keys
    if _are_words(filled, different):
        return "word", len(filled)
    if people >= _MOST * len(filled):
        return "person", people
    return "text", len(filled)


def _words(filled: Iterable[str]) -> tuple[str, ...]:
    """The different words, if there are few and none of them could reach a person."""
    words = tuple(sorted(set(filled)))
    is_open = any("@" in word or len(re.findall(r"\d", word)) > _MOST_DIGITS for word in words)
    return () if is_open or len(words) > _FEW_WORDS else words


def _marks(filled: Iterable[str]) -> tuple[str, str]:
    """The marks that can only be decimal ones, and those that can stand before thousands."""
    decimals, groups = set(), set()
    for text in filled:
        digits = re.sub(r"[^\d.,' ]", "", text).strip()
        marks = [mark for mark in digits if mark in ".,' "]
        if not marks:
            continue
        last = marks[-1]
        tail = digits.rpartition(last)[2]
        is_group = len(tail) == 3 and len(digits.partition(marks[0])[0]) <= 3
        if len(set(marks)) > 1:
            groups.add(marks[0])
        if last in ".," and (len(set(marks)) > 1 or not is_group):
            decimals.add(last)
        elif is_group:
            groups.add(last)
    return "".join(sorted(decimals)), "".join(sorted(groups))


def _is_above_one(text: str) -> bool:
    """Is a number 2 or more, whatever its marks mean?"""
    whole = re.match(r"\d*", re.sub(r"[^\d.,]", "", text))
    return whole is not None and bool(whole[0]) and int(whole[0]) >= 2


def _are_words(filled: Sequence[str], different: int) -> bool:
    short = all(len(text) <= _LONGEST_WORD for text in filled)
    return short and different <= _FEW_WORDS and (different <= 12 or different * 4 <= len(filled))


def _like_people(filled: Iterable[str]) -> int:
    return sum(bool(_NAME.fullmatch(text)) and _is_cased(text) for text in filled)


def _is_cased(text: str) -> bool:
    return all(part[0].isupper() for part in re.split(r"[ -]", text) if part)


def _is_date(text: str) -> bool:
    found = _DATE.fullmatch(text)
    if found is None:
        return False
    if re.fullmatch(r"\d{8}", text):
        return _reads(text, "%Y%m%d") and text[:2] in ("19", "20")
    return True


def _is_instant(text: str) -> bool:
    found = _DATE.fullmatch(text)
    return found is not None and found["time"] is not None


def _reads(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)
    except ValueError:
        return False
    return True


def _both_orders(filled: Iterable[str]) -> bool:
    """Do all dates read as day-month and as month-day?"""
    found = [match for text in filled if (match := _TWO_ORDERS.match(text))]
    return bool(found) and all(int(one[1]) <= 12 and int(one[2]) <= 12 for one in found)
