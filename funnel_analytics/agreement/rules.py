"""The parts of an agreement that say how exports are read: words, people, money, limits."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from funnel_analytics.agreement.model import (
    ID_FORMS,
    LINKED,
    MERGE_RULES,
    PERSONAL_TEXT,
    STATUSES,
    CheckLimit,
    ExchangeRule,
    IdentityRule,
    LoadingRule,
    PrivacyRule,
    Stage,
)
from funnel_analytics.agreement.reading import Reader

_LINK = re.compile(r"https?://[^\s<>\"'`{}]*[^\s<>\"'`{}/][^\s<>\"'`{}]*")
_ID = "{id}"


def loading_rule(reader: Reader | None) -> LoadingRule:
    """How many faulty rows a file may have."""
    usual = LoadingRule()
    if reader is None:
        return usual
    rule = LoadingRule(
        reader.number("max_quarantined_share", default=usual.max_quarantined_share, low=0, high=1)
    )
    reader.close()
    return rule


def privacy_rule(reader: Reader | None) -> PrivacyRule:
    """What of the people in the exports may be stored; without the table, as little as possible."""
    if reader is None:
        return PrivacyRule()
    usual = PrivacyRule()
    ids: Any = reader.choice("ids", ID_FORMS, default=usual.ids)
    personal: Any = reader.choice("personal", PERSONAL_TEXT, default=usual.personal)
    reader.close()
    return PrivacyRule(ids, personal)


def identity_rule(reader: Reader | None) -> IdentityRule:
    """Which leads are one."""
    if reader is None:
        return IdentityRule()
    rules = reader.texts("merge_leads_by")
    for number, each in enumerate(rules, start=1):
        reader.check_choice(f"merge_leads_by[{number}]", each, MERGE_RULES)
    by_domain = reader.truth("account_by_domain", default=IdentityRule().account_by_domain)
    web_user_ids = reader.name("web_user_ids") if reader.has("web_user_ids") else None
    rule = IdentityRule(rules, by_domain, web_user_ids)
    reader.close()
    return rule


def exchange_rule(reader: Reader | None) -> ExchangeRule:
    """How old an exchange rate may be."""
    usual = ExchangeRule()
    if reader is None:
        return usual
    rule = ExchangeRule(
        int(reader.number("max_age_days", default=usual.max_age_days, low=0, whole=True))
    )
    reader.close()
    return rule


def check_limits(reader: Reader | None) -> Mapping[str, CheckLimit]:
    """The limits of checks by name; whether there is such a check, the checks themselves say."""
    found: dict[str, CheckLimit] = {}
    if reader is None:
        return MappingProxyType(found)
    for name in reader.keys():  # noqa: SIM118
        reader.check_name(name, name)
        table = reader.table(name)
        if table is None:
            continue
        review = table.number_or_none("review_above", low=0)
        fail = table.number_or_none("fail_above", low=0)
        if review is None and fail is None:
            table.fault("", "sets no limit; write review_above or fail_above.")
        if review is not None and fail is not None and review > fail:
            table.fault(
                "review_above",
                f"{review:g} is above fail_above {fail:g}, so nothing would ever be reviewed.",
            )
        table.close()
        found[name] = CheckLimit(review, fail)
    return MappingProxyType(found)


def links(reader: Reader | None) -> Mapping[str, str]:
    """The addresses of a CRM's records, with `{id}` where the id stands."""
    found: dict[str, str] = {}
    if reader is None:
        return MappingProxyType(found)
    for name in LINKED:
        if not reader.has(name):
            continue
        link = reader.text(name, wanted=f'an address such as "https://crm.example/{name}/{_ID}"')
        if link and not _LINK.fullmatch(link.replace(_ID, "id")):
            reader.fault(
                name,
                f"'{link}' is no address; write one such as \"https://crm.example/{name}/{_ID}\".",
            )
        elif link and _ID not in link:
            reader.fault(name, f"'{link}' lacks {_ID}, which stands for the id in the CRM.")
        found[name] = link
    reader.close()
    return MappingProxyType(found)


def statuses(reader: Reader | None) -> Mapping[str, tuple[str, ...]]:
    """The words of CRMs that mean a status, by status."""
    found: dict[str, tuple[str, ...]] = {}
    if reader is not None:
        for status in STATUSES:
            if reader.has(status):
                found[status] = reader.texts(status)
        reader.close()
    return MappingProxyType(found)


def check_spellings(
    reader: Reader, stages: Sequence[Stage], by_status: Mapping[str, Sequence[str]]
) -> None:
    """Note a fault where one word of a CRM means two things.

    A stage may gather a word that is also the name of a status ("Open" as an inquiry), since what
    the agreement says comes before what words mean by themselves. The name of a stage means that
    stage alone, and the name of a status no other status.
    """
    owners = {stage.name.casefold(): f"stage '{stage.name}'" for stage in stages}
    for place, stage in enumerate(stages, start=1):
        _claim(reader, f"stages[{place}].includes", f"stage '{stage.name}'", stage.includes, owners)
    for status in by_status:
        owners.setdefault(status, f"status '{status}'")
    for status, words in by_status.items():
        for other in STATUSES:
            owners.setdefault(other, f"status '{other}'")
        _claim(reader, f"statuses.{status}", f"status '{status}'", words, owners)


def _claim(
    reader: Reader, place: str, owner: str, words: Sequence[str], owners: dict[str, str]
) -> None:
    seen: set[str] = set()
    for number, word in enumerate(words, start=1):
        folded = word.casefold()
        if word and folded in seen and word not in words[: number - 1]:
            reader.note(f"{place}[{number}]", f"'{word}' is listed twice, in another case.")
        seen.add(folded)
        other = owners.setdefault(folded, owner)
        if word and other != owner:
            reader.note(f"{place}[{number}]", f"'{word}' belongs to {other} already.")
