"""How the deals of a file ended, and when: what says so, and what is left to the analyst."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from funnel_analytics.sources.proposing.mapping import every_beside
from funnel_analytics.sources.proposing.profiles import Profile, squashed
from funnel_analytics.sources.proposing.rules import NO, YES, Draft, Line, StateWords, spelled

__all__ = ["deal_questions", "says_won", "set_end", "set_outcomes"]

_CLOSED = ("won", "lost")


def says_won(header: str) -> bool:
    """Is a column about won deals only?"""
    return squashed(header.rpartition(" - ")[2]).startswith(("won", "gewonnen"))


def set_outcomes(deal: Draft, ended: StateWords | None, profiles: Sequence[Profile]) -> None:
    """Take won, lost and the close of closed deals only, by a flag of the CRM or by its words."""
    closed = ended.among(*_CLOSED) if ended else ()
    if ended and closed and "is_won" not in deal.mapped:
        won = ended.among("won")
        deal.lines = [line for line in deal.lines if line.name != "is_won"]
        deal.lines.append(Line("is_won", ended.header, "its words for won and lost"))
        deal.values["is_won"] = {word: "true" if word in won else "false" for word in closed}
        deal.only_if["is_won"] = (ended.header, closed)
    flags = (each for each in every_beside("closed", profiles) if each.form == "boolean")
    flag = next(flags, None)
    condition: tuple[str, tuple[str, ...]]
    if flag is not None:
        condition = (flag.header, spelled(YES, flag))
    elif ended and closed:
        condition = (ended.header, closed)
    else:
        return
    for name in ("closed_at", "is_won"):
        if name in deal.mapped:
            deal.only_if.setdefault(name, condition)
    if flag is not None and "closed_at" in deal.mapped and "expected_on" not in deal.mapped:
        deal.lines.append(Line("expected_on", deal.mapped["closed_at"], "until the deal is closed"))
        deal.only_if["expected_on"] = (flag.header, spelled(NO, flag))


def set_end(
    entry: Draft, deal: Draft, ended: StateWords | None, profiles: Iterable[Profile]
) -> bool:
    """Say what a closed deal has entered: won or lost. False where nothing says so."""
    closed = ended.among(*_CLOSED) if ended else ()
    header = deal.mapped.get("is_won")
    has_flag = header is not None and "closed_at" in deal.only_if
    if ended and closed and ((ended.among("won") and ended.among("lost")) or not has_flag):
        entry.lines.append(Line("state", ended.header, "as above"))
        entry.values["state"] = dict(ended.meant)
        entry.where[ended.header] = closed
        return True
    if deal.constants.get("is_won") == "true":
        entry.constants["state"] = "won"
        return True
    if header is None or not has_flag or (ended and header == ended.header):
        return False
    said = next(each for each in profiles if each.header == header)
    flag, yes = deal.only_if["closed_at"]
    entry.lines.append(Line("state", header, "as above"))
    entry.values["state"] = {
        word: "won" if word.casefold() in map(str.casefold, spelled(YES, said)) else "lost"
        for word in said.words
    }
    entry.where[flag] = yes
    return True


def deal_questions(
    name: str, deal: Draft, profiles: Iterable[Profile], found: Iterable[StateWords]
) -> list[str]:
    """What would lose wins or closes if it were loaded as it stands."""
    questions = []
    mapped = deal.mapped
    words = {each.header: each for each in found}
    if "is_won" not in {*mapped, *deal.constants}:
        questions.append(
            f"{name}: which column says whether a deal was won or lost? Write deal.is_won, or say "
            "in the agreement which words of a stage mean won and lost."
        )
    read = words.get(mapped.get("is_won", ""))
    if read is not None and read.unknown and not (read.among("won") and read.among("lost")):
        questions.append(
            f"{name}: which words of '{read.header}' mean won, and which lost? Not all of them are "
            "known; write them under [files.values.is_won] and [files.only_if]."
        )
    closed = mapped.get("closed_at")
    if closed is None:
        questions.append(f"{name}: which column says when a deal was closed? Write deal.closed_at.")
        return questions
    filled = {each.header: each.filled for each in profiles}
    is_everywhere = filled[closed] >= filled.get(mapped.get("deal", ""), 0)
    if says_won(closed) and "is_won" in mapped:
        questions.append(
            f"{name}: '{closed}' is the close of won deals; which column is that of lost ones? "
            f'Write closed_at = {{ first_of = [["{closed}"], ["?"]] }} of deal.'
        )
    elif is_everywhere and "closed_at" not in deal.only_if and "is_won" not in deal.constants:
        questions.append(
            f"{name}: every deal has a '{closed}'. Are open deals among them? Then write under "
            "[files.only_if.closed_at] which column says that a deal is closed."
        )
    return questions
