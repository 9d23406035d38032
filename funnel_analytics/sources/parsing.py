"""Writes the expressions that turn an export's text into canonical columns.

Values reach the engine as parameters; only identifiers that this package made itself (`f0`, `c0`,
`v0`, canonical column names) become part of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from funnel_analytics.privacy import Key
from funnel_analytics.schema import Column
from funnel_analytics.sources.columns import ADDED_UP, WEB, Parsed, Text
from funnel_analytics.sources.forms import MONTHS, DateForm
from funnel_analytics.sources.grammar import FileRule
from funnel_analytics.sources.headers import HASHED_KINDS, Binding, Found
from funnel_analytics.sources.number_forms import RANGES, NumberForm

__all__ = ["Parser"]

_NOT_SET = "(not set)"
_NO_ID = "is a list or an object, no id"
_EPOCHS = {"epoch_s": (10, 1_000_000), "epoch_ms": (13, 1_000), "epoch_us": (16, 1)}
_SERIALS = {"excel": "1899-12-30", "excel_1904": "1904-01-01"}


@dataclass
class Parser:
    """Collects the expressions of one rule and file, and the parameters they need.

    `key` makes pseudonyms of ids; without it they stay as the system writes them. `zone` is that of
    times without an offset; a day without a time is one of `day_zone`, the agreement's. The website
    knows its users by ids of `web_user_ids`, or by its own.
    """

    rule: FileRule
    system: str
    zone: str
    binding: Binding
    header: Sequence[str]
    key: Key | None = None
    day_zone: str = ""
    has_types: bool = False
    drops_personal: bool = True
    web_user_ids: str | None = None
    parameters: dict[str, Any] = field(default_factory=dict)

    def texts(self) -> list[Text]:
        """Every column that the file or the preset fills, in the table's order, then attributes."""
        texts: list[Text] = []
        for column in self.rule.canonical.columns:
            found = self.binding.columns.get(column.name)
            if found is not None:
                texts.append(self._found(len(texts), column, found))
            elif column.name in self.rule.constants:
                given = self._given(f"constant_{len(texts)}", self.rule.constants[column.name])
                is_word = column.name != "state"  # a state stays as it is; its meaning is kept
                clean = self._mapped(len(texts), column.name, given) if is_word else given
                texts.append(Text(len(texts), column, "a constant", clean))
        for attribute, name in self.binding.attributes.items():
            number = len(texts)
            clean = self._mapped(number, attribute, self._clean(name))
            column = Column(attribute)
            texts.append(Text(number, column, name, clean, is_attribute=True))
        return texts

    def kept(self) -> list[str]:
        """Whether a record fulfils each of the preset's conditions."""
        kept = [
            self._among(f"where_{number}", name, values)
            for number, (name, values) in enumerate(self.binding.where.items())
        ]
        kept += [
            f"not {self._among(f'where_not_{number}', name, values)}"
            for number, (name, values) in enumerate(self.binding.where_not.items())
        ]
        return [*kept, f"not {total}"] if (total := self.total()) else kept

    def total(self) -> str:
        """Whether a record is a row of totals, if the rule knows such rows by what they lack."""
        if not self.rule.totals_without:
            return ""
        lacking = [f"{text} is null" for text in self._of(self.rule.totals_without)]
        added = " or ".join(f"{text} is not null" for text in self._of(ADDED_UP))
        return f"({' and '.join(lacking)} and ({added}))" if lacking and added else ""

    def _of(self, columns: Iterable[str]) -> list[str]:
        """The clean texts of the headers that feed some canonical columns."""
        found = (self.binding.columns[each] for each in columns if each in self.binding.columns)
        return [self._clean(name) for each in found for name in each.headers if name]

    def split(self) -> str:
        """The join that makes a record one row per part of a text, if the rule splits one."""
        for found in self.binding.columns.values():
            if found.feed.split:
                at = self._given("split_at", found.feed.at)
                parts = f"string_split({self._field(found.headers[0] or '')}, {at})"
                if found.feed.until:
                    until = self._given("split_until", found.feed.until)
                    parts = f"list_transform({parts}, lambda part: split_part(part, {until}, 1))"
                filled = f"list_filter({parts}, lambda part: trim(part) <> '')"
                return f" cross join unnest(coalesce(nullif({filled}, []), [null])) as parts(part)"
        return ""

    def present(self, texts: Sequence[Text]) -> list[int]:
        """The columns without which a record is not of this table."""
        return [
            text.number
            for text in texts
            if text.column.name in self.rule.where_present
            or ((found := self.binding.columns.get(text.column.name)) and found.feed.split)
        ]

    def parsed(
        self, text: Text, form: DateForm | NumberForm | None, texts: Sequence[Text]
    ) -> Parsed:
        """The typed expression of a column's clean text, and how it may fail."""
        clean = f"c{text.number}"
        kind = text.column.kind
        if kind in ("id", "code", "visitor", "web_user"):
            return self._id(text, clean)
        if kind in HASHED_KINDS:
            reason = "is no e-mail address"
            return Parsed(text, f"read_hash({clean})", reason=reason, form=kind)
        if kind == "boolean":
            reason = "is neither true nor false"
            return Parsed(text, f"read_boolean({clean})", reason=reason, form=kind)
        if isinstance(form, NumberForm):
            return self._number(text, form, texts)
        if isinstance(form, DateForm):
            return self._date(text, form)
        is_open = text.header != "a constant" and self.drops_personal
        return self._without_personal(Parsed(text, clean, form="text"), is_open)

    def used(self, text: str) -> dict[str, Any]:
        """The parameters that a statement names."""
        named = set(re.findall(r"\$([a-z_0-9]+)", text))
        return {name: value for name, value in self.parameters.items() if name in named}

    def _found(self, number: int, column: Column, found: Found) -> Text:
        names = [name for name in found.headers if name]
        part = {"email": 1, "domain": 2}.get(column.kind)
        if part is not None:
            hashes = [f"nullif(split_part({self._field(name)}, '|', {part}), '')" for name in names]
            return Text(number, column, found.shown, _first_of(hashes))
        if found.feed.header_of:
            clean = self._given(f"header_{number}", found.text)
        elif found.feed.split:
            clean = self._clean_text("part")
        elif found.feed.join:
            parts = [self._clean(name) if name else "null" for name in found.headers]
            clean = self._joined(number, parts, found.feed.separator)
        elif found.feed.any_of:
            answers = (self._mapped(number, column.name, self._clean(name)) for name in names)
            clean = _any_of(list(answers))
        else:
            clean = _first_of([self._clean(name) for name in names])
        if column.name != "state" and not found.feed.any_of:
            clean = self._mapped(number, column.name, clean)
        if found.only_if:
            name, condition = found.only_if
            is_among = self._among(f"only_if_{number}", name, condition.among or condition.not_in)
            clean = f"case when {'' if condition.among else 'not '}{is_among} then {clean} end"
        typed = ""
        if self.has_types and column.kind in ("number", "integer", "timestamp", "date"):
            typed = _first_of(
                [
                    f"case when {self._clean(name)} is not null "
                    f"then starts_with({self._field(name)}, chr(2)) end"
                    for name in names
                ]
            )
            typed = f"coalesce({typed}, false)" if names else ""
        return Text(number, column, found.shown, clean, typed)

    def _joined(self, number: int, parts: Sequence[str], separator: str) -> str:
        mark = self._given(f"separator_{number}", separator)
        unset = self._given("not_set", _NOT_SET)
        shown = f" || {mark} || ".join(f"coalesce({part}, {unset})" for part in parts)
        return f"case when {_first_of(parts)} is not null then {shown} end"

    def _field(self, header: str) -> str:
        return f"f{self.header.index(header)}"

    def _clean(self, header: str) -> str:
        """A field's text without blanks; missing where the preset says so."""
        return self._clean_text(self._field(header))

    def _clean_text(self, name: str) -> str:
        if set(self.rule.missing) <= {""}:
            return f"nullif(plain_text({name}), '')"
        return f"clean_text({name}, {self._given('missing', list(self.rule.missing))})"

    def _mapped(self, number: int, name: str, clean: str) -> str:
        """The text after the preset's value map; values without an entry stay."""
        values = self.rule.values.get(name)
        if not values:
            return clean
        words = self._given(f"from_{number}", list(values))
        small = self._given(f"small_{number}", [word.lower() for word in values])
        meanings = self._given(f"to_{number}", list(values.values()))
        return f"translated({clean}, {words}, {small}, {meanings})"

    def _among(self, name: str, header: str, values: Sequence[str]) -> str:
        """Whether a field has one of the values; an empty one stands for a missing text."""
        clean = self._clean(header)
        words = self._given(name, [each.lower() for each in values if not each.endswith("*")])
        is_among = f"coalesce(list_contains({words}, lower({clean})), false)"
        starts = [each.removesuffix("*").lower() for each in values if each.endswith("*")]
        for number, start in enumerate(starts):
            begins = f"starts_with(lower({clean}), {self._given(f'{name}_start_{number}', start)})"
            is_among = f"({is_among} or coalesce({begins}, false))"
        return f"({is_among} or {clean} is null)" if "" in values else is_among

    def _id(self, text: Text, clean: str) -> Parsed:
        system, raw = self._owner(text, clean)
        prefix = self._given(f"prefix_{system}", f"{system}:")
        if text.column.kind != "code" and self.key is not None:
            inner, outer = self.key.id_blocks()
            marked = f"{self._given(f'mark_{system}', f'id|{system}|')} || {self._no_list(raw)}"
            blocks = f"{self._given('inner', inner)}, {self._given('outer', outer)}"
            value = f"{prefix} || keyed_hash({marked}, {blocks})"
            return Parsed(text, value, reason=_NO_ID, form="id, as a pseudonym", raw=raw)
        value = f"{prefix} || {self._no_list(raw)}"
        plain = Parsed(text, value, reason=_NO_ID, form=text.column.kind, raw=raw)
        test = "is_personal" if text.column.kind == "code" else "looks_like_email"
        return self._without_personal(plain, self.drops_personal, test)

    def _owner(self, text: Text, clean: str) -> tuple[str, str]:
        """Whose id it is, and how that system writes it in full."""
        if text.column.kind == "visitor":
            return WEB, clean
        if text.column.kind == "web_user" and self.web_user_ids:
            return self.web_user_ids, f"salesforce_person({clean})"
        return self.system, f"salesforce_id({clean})" if self.rule.ids == "salesforce" else clean

    def _no_list(self, raw: str) -> str:
        """An id, missing where a record of JSON has a list or an object in its place."""
        is_list = f"regexp_matches({raw}, '^[\\[{{]')"
        return f"case when not {is_list} then {raw} end" if self.has_types else raw

    def _without_personal(
        self, parsed: Parsed, is_dropped: bool, test: str = "is_personal"
    ) -> Parsed:
        """Text that looks like somebody's address or number stays out."""
        if not is_dropped:
            return parsed
        clean = f"c{parsed.number}"
        what = (
            "an e-mail address"
            if test == "looks_like_email"
            else ("an e-mail address or a telephone number")
        )
        return Parsed(
            parsed.text,
            f"case when not {test}({clean}) then {parsed.value} end",
            reason=parsed.reason,
            readable=f"{test}({clean})" if parsed.reason else "true",
            refused=f"looks like {what}",
            form=parsed.form,
            raw=parsed.raw,
        )

    def _number(self, text: Text, form: NumberForm, texts: Sequence[Text]) -> Parsed:
        number, name, clean = text.number, text.column.name, f"c{text.number}"
        marks = (
            f"{self._given(f'decimal_{number}', form.decimal)}, "
            f"{self._given(f'thousands_{number}', form.thousands)}"
        )
        value = f"read_number({clean}, {marks})"
        if name != "probability" and name not in self.rule.scale:
            value = f"case when not contains({clean}, '%') then {value} end"
        if text.typed:
            value = f"case when t{number} then finite_number({clean}) else {value} end"
        reason = f"is no number with decimal '{form.decimal}'"
        if factor := self.rule.scale.get(name):
            value = f"({value}) {self._scaled(number, factor)}"
        if text.column.kind == "integer":
            reason = "is no whole number"
            whole = f"case when {value} = trunc({value}) then try_cast({value} as bigint) end"
            plain = f"regexp_full_match({clean}, '-?\\d{{1,15}}')"
            fast = f"case when {plain} then try_cast({clean} as bigint) else {whole} end"
            value = whole if factor else fast
        loaded, refused = value, ""
        if limits := RANGES.get((self.rule.table, name)):
            low, high, refused = limits
            least = self._given(f"least_{number}", low)
            most = "" if high is None else f" and {value} <= {self._given(f'most_{number}', high)}"
            loaded = f"case when {value} >= {least}{most} then {value} end"
        elif name == "amount":
            currency = next((each for each in texts if each.column.name == "currency"), None)
            code = "null" if currency is None else f"c{currency.number}"
            loaded = f"case when is_currency(written_currency({clean}), {code}) then {value} end"
            refused = "has another currency than its record"
        return Parsed(
            text,
            loaded,
            reason=reason,
            readable=f"({value}) is not null" if refused else "false",
            refused=refused,
            form=form.shown,
            is_detected=form.is_detected,
            total=value if form.reads_totals else "cast(null as double)",
        )

    def _scaled(self, number: int, factor: float) -> str:
        """Divide where the factor is one hundredth or the like: 35 * 0.01 is not 0.35."""
        parts = round(1 / factor)
        if factor < 1 and abs(parts * factor - 1) < 1e-12:
            return f"/ {self._given(f'scale_{number}', float(parts))}"
        return f"* {self._given(f'scale_{number}', factor)}"

    def _date(self, text: Text, form: DateForm) -> Parsed:
        number, clean = text.number, f"c{text.number}"
        zone = self._given("zone", self.zone)
        day_zone = self._given("day_zone", self.day_zone or self.zone)
        iso = f"read_iso({clean}, {zone})"
        if self.day_zone not in ("", self.zone):
            its_zone = f"case when contains({clean}, ':') then {zone} else {day_zone} end"
            iso = f"read_iso({clean}, {its_zone})"
        tries, precise = self._tries(number, clean, form)
        value = _first_of([iso, *tries]) if form.is_iso else _first_of(tries or ["null"])
        if text.typed and not form.is_iso:
            value = f"case when t{number} then coalesce({iso}, {value}) else {value} end"
        if all((":" in each) == _has_time(each) for each in (*form.formats, *form.named)):
            is_day = f"not contains({clean}, ':')"
        elif tries:
            if form.is_iso or text.typed:
                precise = [f"case when contains({clean}, ':') then {iso} end", *precise]
            exact = _first_of(precise) if precise else "null"
            is_day = f"case when {clean} is not null then {exact} is null end"
        if text.column.kind == "date":
            local = f"timezone({day_zone}, timezone('UTC', {value}))"
            value, is_day = f"cast({local} as date)", ""
        if form.is_iso and not tries:
            reason = "is no ISO 8601 date or time"
        else:
            reason = f"is no date of the form {form.shown}"
        return Parsed(text, value, is_day, reason, form=form.shown, is_detected=form.is_detected)

    def _tries(self, number: int, clean: str, form: DateForm) -> tuple[list[str], list[str]]:
        """Readings of a date in order, and those of them that are more precise than a day."""
        tries, precise = [], []
        for place, each in enumerate((*form.formats, *form.named)):
            name = f"form_{number}_{place}"
            is_day = not _has_time(each) and self.day_zone
            zone = self._given(*(("day_zone", self.day_zone) if is_day else ("zone", self.zone)))
            if each in _SERIALS:
                first = f"cast({self._given(name, _SERIALS[each])} as timestamp)"
                has_time = f"regexp_matches({clean}, '[.,]\\d*[1-9]')"
                if self.day_zone:
                    day_zone = self._given("day_zone", self.day_zone)
                    zone = f"case when {has_time} then {zone} else {day_zone} end"
                tries.append(f"read_serial({clean}, {first}, {zone})")
                precise.append(f"case when {has_time} then {tries[-1]} end")
                continue
            if each in _EPOCHS:
                digits, microseconds = _EPOCHS[each]
                tries.append(f"read_epoch({clean}, {digits}, {microseconds})")
            elif re.search("%[zZ]", each):
                tries.append(f"read_offset({clean}, {self._given(name, each)})")
            elif place >= len(form.formats):
                names = self._given("month_names", list(MONTHS))
                numbers = self._given("month_numbers", [str(each) for each in MONTHS.values()])
                spelt = f"numbered_month({clean}, {names}, {numbers})"
                tries.append(f"read_formatted({spelt}, {self._given(name, each)}, {zone})")
            else:
                tries.append(f"read_formatted({clean}, {self._given(name, each)}, {zone})")
            if _has_time(each):
                precise.append(tries[-1])
        return tries, precise

    def _given(self, name: str, value: Any) -> str:
        self.parameters[name] = value
        return f"${name}"


def _first_of(expressions: Sequence[str]) -> str:
    return expressions[0] if len(expressions) == 1 else f"coalesce({', '.join(expressions)})"


def _any_of(texts: Sequence[str]) -> str:
    """The text that decides whether one of several is true: a true one, else one that is no answer.

    So a text that cannot be read is quarantined, unless another says yes.
    """
    true = [f"case when read_boolean({each}) then {each} end" for each in texts]
    unread = [f"case when read_boolean({each}) is null then {each} end" for each in texts]
    return _first_of([*true, *unread, *texts])


def _has_time(form: str) -> bool:
    """Is a date of this form an instant, not a day?"""
    return form in (*_EPOCHS, *_SERIALS) or re.search("%-?[HI]", form) is not None
