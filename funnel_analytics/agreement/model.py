"""The values of an agreement, frozen: what the rest of the package reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from funnel_analytics.agreement.attribution import AttributionRule
from funnel_analytics.agreement.labels import Label
from funnel_analytics.errors import CallError, did_you_mean

SIDES = ("marketing", "sales")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
HANDOVER_KINDS = ("marketing_to_sdr", "sdr_to_sales", "reassigned")
REASON_KINDS = ("rejected", "lost", "recycled")
EMPLOYEE_LEVELS = ("off", "team", "person")
STATUSES = ("open", "nurture", "recycled", "rejected", "lost", "won")
ID_FORMS = ("pseudonym", "plain")
PERSONAL_TEXT = ("drop", "keep")
MERGE_RULES = ("email",)
LINKED = ("lead", "deal")


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True)
class Stage:
    """A step of the funnel; `owner` is the team that answers for entering it.

    `observed_from` is the first day for which the data can hold entries: a cohort that is older
    is cut off on the left. `expected_days` is how long a lead may stay in the stage. `includes`
    are the words of CRMs that mean this stage, in any case. `is_optional`: leads may leave it out
    and still count as having taken every step.
    """

    name: str
    label: Label
    owner: str
    definition: Label
    expected_days: float | None = None
    observed_from: date | None = None
    is_won: bool = False
    includes: tuple[str, ...] = ()
    is_optional: bool = False


@dataclass(frozen=True)
class Holidays:
    """Days off: the public holidays of a country (and state), and those agreed beside them."""

    country: str | None = None
    subdivision: str | None = None
    also: tuple[date, ...] = ()


@dataclass(frozen=True)
class WorkingTime:
    """Opening hours by weekday, all seven named; a closing time of 00:00 is midnight at its end.

    `teams` are the clocks of the teams that have one of their own; each is whole: what a team does
    not state is taken from the default. `timezone` is a team's own, else the agreement's counts.
    """

    holidays: Holidays
    days: Mapping[str, tuple[tuple[time, time], ...]]
    timezone: str | None = None
    teams: Mapping[str, WorkingTime] = field(default_factory=_nothing)


@dataclass(frozen=True)
class FirstContact:
    """Within how many working hours a lead is to be contacted, and who hears of it if not.

    Deadlines of their own may hold for an origin, a priority, or the stage that the lead was in
    when the wait began.
    """

    within_hours: float
    escalate_to: str | None = None
    by_origin: Mapping[str, float] = field(default_factory=_nothing)
    by_priority: Mapping[str, float] = field(default_factory=_nothing)
    by_stage: Mapping[str, float] = field(default_factory=_nothing)

    def hours_for(
        self, origin: str | None, priority: str | None = None, stage: str | None = None
    ) -> float:
        """The deadline of a lead in working hours: of those that name it the shortest.

        >>> rule = FirstContact(4, by_origin={"partner": 8}, by_priority={"high": 2})
        >>> rule.hours_for("inbound"), rule.hours_for("partner"), rule.hours_for("partner", "high")
        (4, 8, 2)
        """
        named = (
            (self.by_origin, origin),
            (self.by_priority, priority),
            (self.by_stage, stage),
        )
        hours = [rules[name] for rules, name in named if name is not None and name in rules]
        return min(hours, default=self.within_hours)


@dataclass(frozen=True)
class Handover:
    """Within how many working hours a team accepts or rejects, and what it must be given.

    `return_to_pool`: a lead that nobody answered for by then goes back, or to somebody else.
    """

    respond_within_hours: float
    required_fields: tuple[str, ...] = ()
    escalate_to: str | None = None
    return_to_pool: bool = False


@dataclass(frozen=True)
class Score:
    """What the automatic score of a lead says: `score / highest` is the chance of a stage.

    From `qualified_from` on the score takes a lead to be qualified.
    """

    predicts: str
    qualified_from: float
    highest: float = 100.0


@dataclass(frozen=True)
class Qualification:
    """When a lead counts as qualified: every `required` criterion and `at_least` in all."""

    framework: str
    criteria: tuple[str, ...]
    required: tuple[str, ...]
    at_least: int
    score: Score | None = None


@dataclass(frozen=True)
class BuyingGroup:
    """How many contacts a deal needs, and in which roles somebody decides."""

    minimum_contacts: int
    decision_roles: tuple[str, ...] = ("decision_maker",)


@dataclass(frozen=True)
class FollowUp:
    """When something is due: a next step from a stage on, and a recycled lead after so many days.

    `recycled_due_days_by_reason` holds days of their own for reasons of recycling.
    """

    next_step_from: str | None = None
    recycled_due_days: float | None = None
    recycled_due_days_by_reason: Mapping[str, float] = field(default_factory=_nothing)

    def due_days_for(self, reason: str | None) -> float | None:
        """After how many days is a lead due again that was recycled for a reason? Or never."""
        if reason is None:
            return self.recycled_due_days
        return self.recycled_due_days_by_reason.get(reason, self.recycled_due_days)


@dataclass(frozen=True)
class Channel:
    """One channel, its side and the raw spellings that it gathers."""

    side: Literal["marketing", "sales"]
    label: Label | None = None
    includes: tuple[str, ...] = ()


@dataclass(frozen=True)
class MaturityRule:
    """From which share of its eventual entries on a cohort may be compared."""

    mature_from: float = 0.9


@dataclass(frozen=True)
class LoadingRule:
    """How large a share of the rows of a file may be quarantined before the load is refused."""

    max_quarantined_share: float = 0.02


@dataclass(frozen=True)
class PrivacyRule:
    """What of the people in the exports may be stored.

    `ids` are pseudonyms, which only the owner of the key can resolve, or plain. `personal` says
    whether texts that look like an e-mail address or a phone number are dropped or kept.
    """

    ids: Literal["pseudonym", "plain"] = "pseudonym"
    personal: Literal["drop", "keep"] = "drop"


@dataclass(frozen=True)
class IdentityRule:
    """Which leads are one lead, and whether a company's web domain says whose account a lead is.

    `web_user_ids` is the system whose ids of leads and contacts the website knows its users by.
    """

    merge_leads_by: tuple[str, ...] = ()
    account_by_domain: bool = True
    web_user_ids: str | None = None


@dataclass(frozen=True)
class ExchangeRule:
    """How many days old an exchange rate may be on the day it converts."""

    max_age_days: int = 7


@dataclass(frozen=True)
class CheckLimit:
    """Above which value a check is to be reviewed, and above which it fails; None: as usual."""

    review_above: float | None = None
    fail_above: float | None = None


@dataclass(frozen=True)
class TargetsFile:
    """The sheet of agreed targets, named relative to the agreement."""

    file: str


@dataclass(frozen=True)
class Agreement:
    """Everything that marketing and sales agreed on, in the order of the file."""

    company: str
    agreed_on: date
    language: Literal["de", "en"]
    currency: str
    timezone: str
    stages: tuple[Stage, ...]
    minimum_group_size: int = 5
    teams: Mapping[str, Label] = field(default_factory=_nothing)
    working_time: WorkingTime | None = None
    first_contact: FirstContact | None = None
    handover: Mapping[str, Handover] = field(default_factory=_nothing)
    qualification: Qualification | None = None
    buying_group: BuyingGroup | None = None
    follow_up: FollowUp | None = None
    reasons: Mapping[str, Mapping[str, Label]] = field(default_factory=_nothing)
    channels: Mapping[str, Channel] = field(default_factory=_nothing)
    attribution: AttributionRule = field(default_factory=AttributionRule)
    maturity: MaturityRule = MaturityRule()
    loading: LoadingRule = LoadingRule()
    statuses: Mapping[str, tuple[str, ...]] = field(default_factory=_nothing)
    privacy: PrivacyRule = PrivacyRule()
    identity: IdentityRule = IdentityRule()
    exchange: ExchangeRule = ExchangeRule()
    checks: Mapping[str, CheckLimit] = field(default_factory=_nothing)
    employee_level: str = "off"
    targets: TargetsFile | None = None
    links: Mapping[str, str] = field(default_factory=_nothing)
    text: str = field(default="", repr=False)
    sha256: str = ""
    path: Path | None = None

    @property
    def stage_names(self) -> tuple[str, ...]:
        """The names of the stages, in order."""
        return tuple(stage.name for stage in self.stages)

    def stage(self, name: str) -> Stage:
        """The stage of that name.

        Raises
        ------
        CallError
            The agreement has no such stage.
        """
        return self.stages[self.position(name) - 1]

    def position(self, name: str) -> int:
        """Which step is the stage? The first is 1.

        Raises
        ------
        CallError
            The agreement has no such stage.
        """
        names = self.stage_names
        if name not in names:
            raise CallError(
                f"Unknown stage '{name}'; the agreement has {', '.join(names)}."
                f"{did_you_mean(name, names)}"
            )
        return names.index(name) + 1

    def team_label(self, team: str, language: str | None = None) -> str:
        """What is a team called? Its own name where `[teams]` gives no label."""
        label = self.teams.get(team)
        return label.text(language or self.language) if label else team.replace("_", " ")

    def channel_label(self, channel: str, language: str | None = None) -> str:
        """What is a channel called? Its own name where the agreement gives no label."""
        known = self.channels.get(channel)
        label = known.label if known else None
        return label.text(language or self.language) if label else channel

    def reason_label(self, kind: str, reason: str, language: str | None = None) -> str:
        """What is a reason called? Its own name where the agreement does not list it."""
        label = self.reasons.get(kind, {}).get(reason)
        return label.text(language or self.language) if label else reason

    @property
    def targets_path(self) -> Path | None:
        """Where the sheet of targets lies; missing if none was agreed or the file is unknown."""
        if self.targets is None or self.path is None:
            return None
        return self.path.parent / self.targets.file
