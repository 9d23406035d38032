"""The agreement: what a file says is what the values say, and every fault is named at once."""

from __future__ import annotations

import csv
from dataclasses import FrozenInstanceError
from datetime import date, time
from pathlib import Path

import pytest

from funnel_analytics.agreement import (
    ATTRIBUTION_MODELS,
    ATTRIBUTION_RULES,
    DATA_DRIVEN_MODELS,
    Agreement,
    AttributionRule,
    BuyingGroup,
    Channel,
    CheckLimit,
    ExchangeRule,
    FirstContact,
    FollowUp,
    IdentityRule,
    Label,
    LoadingRule,
    MaturityRule,
    OwnRule,
    PrivacyRule,
    Score,
    WorkingTime,
    load_agreement,
    parse_agreement,
    shipped_agreements,
)
from funnel_analytics.credit.models import DATA_DRIVEN, MODELS
from funnel_analytics.credit.rules import RULES
from funnel_analytics.errors import AgreementError, CallError

TOP = """
company = "Beispiel Maschinenbau GmbH"
agreed_on = 2026-01-15
language = "de"
currency = "EUR"
timezone = "Europe/Berlin"
"""

STAGES = """
[[stages]]
name = "inquiry"
label = { de = "Anfrage", en = "Inquiry" }
owner = "marketing"
definition = { de = "Jede Anfrage.", en = "Every inquiry." }

[[stages]]
name = "won"
label = { de = "Gewonnen", en = "Won" }
owner = "sales"
definition = { de = "Unterschrieben.", en = "Signed." }
"""

# The example of the design, word for word; only a second stage is added.
SKETCH = """
company = "Beispiel Maschinenbau GmbH"
agreed_on = 2026-01-15
language = "de"
currency = "EUR"
timezone = "Europe/Berlin"
minimum_group_size = 5

[[stages]]                       # in order; the first is where a lead begins
name = "marketing_qualified"
label = { de = "Qualifizierter Marketing-Lead", en = "Marketing qualified lead" }
owner = "marketing"              # team that answers for entering this stage
definition = { de = "…", en = "…" }
expected_days = 3

[[stages]]
name = "won"
label = { de = "Gewonnen", en = "Won" }
owner = "sales"
definition = { de = "…", en = "…" }

[working_time]
holidays = { country = "DE", subdivision = "BY", also = [2026-12-24, 2026-12-31] }
monday = ["08:00-12:00", "13:00-17:00"]

[first_contact]
within_hours = 4                 # working hours, from hand-over; per origin or stage
escalate_to = "sales_lead"

[handover.marketing_to_sdr]
respond_within_hours = 8
required_fields = ["budget", "need"]

[qualification]
framework = "BANT"
criteria = ["budget", "authority", "need", "time"]
required = ["need"]
at_least = 3

[reasons.rejected]
no_authority = { de = "Kein Entscheider", en = "No decision maker" }

[channels]                       # canonical channel → side, and the raw spellings it gathers
paid_search = { side = "marketing", includes = ["google / cpc", "bing / cpc"] }

[attribution]
model = "position_based"
lookback_days = 90

[targets]                        # or a sheet: month, metric, dimension, value
file = "targets.csv"
"""

# What may stand beside it about teams, deadlines, scores, contacts and what is due.
SERVICE = (
    SKETCH
    + """
[teams]
marketing = { de = "Marketing", en = "Marketing" }
sales = { de = "Vertrieb", en = "Sales" }

[first_contact.by_priority]
high = 2
low = 40

[first_contact.by_stage]
won = 3

[working_time.teams.sales]
timezone = "Europe/Vienna"
holidays = { country = "AT", subdivision = "9" }
tuesday = ["09:00-17:00"]

[handover.sdr_to_sales]
respond_within_hours = 16
return_to_pool = true

[qualification.score]
predicts = "won"
highest = 10
qualified_from = 6

[buying_group]
minimum_contacts = 3
decision_roles = ["decision_maker", "procurement"]

[reasons.recycled]
budget_next_year = { de = "Budget im Folgejahr", en = "Budget next year" }

[follow_up]
next_step_from = "marketing_qualified"
recycled_due_days = 90
recycled_due_days_by_reason = { budget_next_year = 180 }

[links]
lead = "https://crm.example/lead/{id}"
deal = "http://crm.example/?deal={id}&view=1"
"""
)


# --- what a good file says -------------------------------------------------------------------


def test_the_sketch_of_the_design_is_an_agreement() -> None:
    agreement = parse_agreement(SKETCH)
    assert agreement.company == "Beispiel Maschinenbau GmbH"
    assert agreement.agreed_on == date(2026, 1, 15)
    assert agreement.stage("marketing_qualified").expected_days == 3
    assert agreement.stage("marketing_qualified").definition == Label(de="…", en="…")
    working_time = agreement.working_time
    assert working_time is not None
    assert working_time.days["monday"] == (
        (time(8), time(12)),
        (time(13), time(17)),
    )
    assert working_time.days["tuesday"] == ()
    assert working_time.holidays.subdivision == "BY"
    assert working_time.holidays.also == (date(2026, 12, 24), date(2026, 12, 31))
    assert agreement.first_contact is not None
    assert agreement.first_contact.within_hours == 4
    assert agreement.first_contact.escalate_to == "sales_lead"
    assert agreement.handover["marketing_to_sdr"].required_fields == ("budget", "need")
    assert agreement.qualification is not None
    assert agreement.qualification.required == ("need",)
    assert agreement.qualification.at_least == 3
    assert agreement.reason_label("rejected", "no_authority", "de") == "Kein Entscheider"
    assert agreement.channels["paid_search"] == Channel(
        side="marketing", includes=("google / cpc", "bing / cpc")
    )
    assert agreement.targets is not None
    assert agreement.targets.file == "targets.csv"


def test_what_a_short_file_leaves_out_has_the_stated_defaults() -> None:
    agreement = parse_agreement(TOP + STAGES)
    assert agreement.minimum_group_size == 5
    assert agreement.employee_level == "off"
    assert agreement.working_time is None
    assert agreement.first_contact is None
    assert agreement.qualification is None
    assert agreement.targets is None
    assert agreement.targets_path is None
    assert dict(agreement.handover) == {}
    assert dict(agreement.reasons) == {}
    assert dict(agreement.channels) == {}
    assert agreement.attribution == AttributionRule(
        model="position_based",
        lookback_days=90,
        half_life_days=7,
        first_share=0.4,
        last_share=0.4,
        journeys_of="lead",
        repeats="kept",
        direct="kept",
        direct_channels=("direct",),
        pool_below=0,
        activities={},
        own={},
    )
    assert agreement.maturity == MaturityRule(mature_from=0.9)
    assert agreement.loading == LoadingRule(max_quarantined_share=0.02)
    assert agreement.privacy == PrivacyRule(ids="pseudonym", personal="drop")
    assert agreement.identity == IdentityRule(merge_leads_by=(), account_by_domain=True)
    assert agreement.exchange == ExchangeRule(max_age_days=7)
    assert dict(agreement.statuses) == {}
    assert dict(agreement.checks) == {}
    assert agreement.stage("won").includes == ()
    assert agreement.buying_group is None
    assert agreement.follow_up is None
    assert dict(agreement.links) == {}


def test_what_is_agreed_about_credit() -> None:
    agreement = parse_agreement(
        SKETCH.replace(
            '[attribution]\nmodel = "position_based"\nlookback_days = 90\n',
            """[attribution]
model = "our_rule"
journeys_of = "account"
repeats = "collapsed"
direct = "unless_alone"
direct_channels = ["direct", "typed in"]
pool_below = 3
activities = { call = "sdr_outreach" }

[attribution.own.our_rule]
label = { de = "Unsere", en = "Ours" }
first = 0.3
lead_created = 0.3
opportunity_created = 0.2
last = 0.1
rest = 0.1
""",
        )
    )
    rule = agreement.attribution
    assert (rule.model, rule.journeys_of, rule.repeats) == ("our_rule", "account", "collapsed")
    assert (rule.direct, rule.direct_channels) == ("unless_alone", ("direct", "typed in"))
    assert rule.pool_below == 3
    assert rule.activities == {"call": "sdr_outreach"}
    assert rule.own == {"our_rule": OwnRule(Label("Unsere", "Ours"), 0.3, 0.3, 0.2, 0.1, 0.1)}
    assert rule.models == (*ATTRIBUTION_MODELS, "our_rule")
    assert ATTRIBUTION_MODELS == MODELS
    assert (ATTRIBUTION_RULES, DATA_DRIVEN_MODELS) == (RULES, DATA_DRIVEN)


@pytest.mark.parametrize(("written", "read"), [("true", {}), ("false", None)])
def test_activities_are_touches_or_not(written: str, read: dict[str, str] | None) -> None:
    text = SKETCH.replace("lookback_days = 90\n", f"lookback_days = 90\nactivities = {written}\n")
    assert parse_agreement(text).attribution.activities == read


def test_what_is_agreed_about_scores_contacts_and_what_is_due() -> None:
    agreement = parse_agreement(SERVICE)
    assert agreement.qualification is not None
    assert agreement.qualification.score == Score(predicts="won", qualified_from=6, highest=10)
    assert agreement.buying_group == BuyingGroup(3, ("decision_maker", "procurement"))
    assert agreement.follow_up == FollowUp("marketing_qualified", 90, {"budget_next_year": 180})
    assert dict(agreement.links) == {
        "lead": "https://crm.example/lead/{id}",
        "deal": "http://crm.example/?deal={id}&view=1",
    }
    assert agreement.handover["sdr_to_sales"].return_to_pool
    assert not agreement.handover["marketing_to_sdr"].return_to_pool


def test_what_these_parts_leave_out_has_the_stated_defaults() -> None:
    agreement = parse_agreement(
        TOP
        + STAGES
        + '[qualification]\nframework = "BANT"\ncriteria = ["need"]\nat_least = 1\n'
        + '[qualification.score]\npredicts = "won"\nqualified_from = 60\n'
        + "[buying_group]\nminimum_contacts = 2\n[follow_up]\n"
        + "[first_contact]\nwithin_hours = 4\n"
    )
    assert agreement.qualification is not None
    assert agreement.qualification.score == Score("won", 60, highest=100)
    assert agreement.buying_group == BuyingGroup(2, ("decision_maker",))
    assert agreement.follow_up == FollowUp(None, None, {})
    assert agreement.first_contact == FirstContact(4, None, {}, {}, {})


def test_days_until_a_recycled_lead_is_due_again_may_differ_by_reason() -> None:
    rule = FollowUp(recycled_due_days=90, recycled_due_days_by_reason={"budget_next_year": 180})
    assert [rule.due_days_for(each) for each in ("budget_next_year", "other", None)] == [
        180,
        90,
        90,
    ]
    assert FollowUp(recycled_due_days_by_reason={"a": 7}).due_days_for("b") is None


def test_what_is_agreed_about_exports_people_and_limits() -> None:
    agreement = parse_agreement(
        TOP
        + STAGES.replace('name = "won"', 'name = "won"\nincludes = ["Closed Won", "Gewonnen"]')
        + """
[statuses]
rejected = ["Unqualified", "Closed - Not Converted"]
open = ["New"]
[privacy]
ids = "plain"
personal = "keep"
[identity]
merge_leads_by = ["email"]
account_by_domain = false
web_user_ids = "sf"
[exchange]
max_age_days = 0
[checks.leads_without_owner]
review_above = 0
fail_above = 0.2
[checks.stale_exports]
fail_above = 30
"""
    )
    assert agreement.stage("won").includes == ("Closed Won", "Gewonnen")
    assert dict(agreement.statuses) == {
        "open": ("New",),
        "rejected": ("Unqualified", "Closed - Not Converted"),
    }
    assert agreement.privacy == PrivacyRule(ids="plain", personal="keep")
    assert agreement.identity == IdentityRule(
        merge_leads_by=("email",), account_by_domain=False, web_user_ids="sf"
    )
    assert agreement.exchange.max_age_days == 0
    assert dict(agreement.checks) == {
        "leads_without_owner": CheckLimit(review_above=0.0, fail_above=0.2),
        "stale_exports": CheckLimit(review_above=None, fail_above=30.0),
    }


def test_a_stage_may_gather_a_word_that_is_the_name_of_a_status() -> None:
    # "Open" of a CRM may well be an inquiry; what is agreed comes before what words mean.
    more = STAGES.replace('name = "inquiry"', 'name = "inquiry"\nincludes = ["Open", "Inquiry"]')
    agreement = parse_agreement(TOP + more + '[statuses]\nrejected = ["rejected"]\n')
    assert agreement.stage("inquiry").includes == ("Open", "Inquiry")


def test_stages_are_known_by_name_and_position() -> None:
    agreement = parse_agreement(TOP + STAGES)
    assert agreement.stage_names == ("inquiry", "won")
    assert agreement.position("inquiry") == 1
    assert [stage.is_won for stage in agreement.stages] == [False, True]
    with pytest.raises(CallError, match=r"Unknown stage 'Inquiri'.*Did you mean 'inquiry'"):
        agreement.stage("Inquiri")


def test_labels_come_in_the_language_asked_for() -> None:
    agreement = parse_agreement(
        TOP
        + STAGES
        + '[teams]\nmarketing = { de = "Marketing", en = "Marketing" }\n'
        + 'sales = { de = "Vertrieb", en = "Sales" }\n'
        + '[channels.web]\nside = "marketing"\nlabel = { de = "Netz", en = "Web" }\n'
    )
    assert agreement.stage("won").label.text("en") == "Won"
    assert agreement.team_label("sales") == "Vertrieb"  # the agreement's own language
    assert agreement.team_label("sales", "en") == "Sales"
    assert agreement.team_label("sales_lead", "en") == "sales lead"
    assert agreement.channel_label("web", "de") == "Netz"
    assert agreement.channel_label("seen elsewhere", "de") == "seen elsewhere"
    assert agreement.reason_label("lost", "price", "de") == "price"
    with pytest.raises(CallError, match="Unknown language 'fr'"):
        agreement.stage("won").label.text("fr")


def test_deadlines_may_differ_by_origin() -> None:
    rule = parse_agreement(
        TOP + STAGES + "[first_contact]\nwithin_hours = 4\nby_origin = { partner = 16 }\n"
    ).first_contact
    assert rule is not None
    assert rule.hours_for("partner") == 16
    assert rule.hours_for("inbound") == 4
    assert rule.hours_for(None) == 4


def test_of_several_deadlines_that_name_a_lead_the_shortest_counts() -> None:
    rule = FirstContact(
        4, by_origin={"partner": 8}, by_priority={"high": 2, "low": 40}, by_stage={"won": 3}
    )
    assert rule.hours_for("partner", "high", "won") == 2
    assert rule.hours_for("partner", "low", "won") == 3
    assert rule.hours_for("partner", "low") == 8
    assert rule.hours_for(None, "low") == 40  # the only one that names it, though it is longer
    assert rule.hours_for("inbound", "normal", "inquiry") == 4
    assert parse_agreement(SERVICE).first_contact == FirstContact(
        4, "sales_lead", {}, {"high": 2, "low": 40}, {"won": 3}
    )


def test_a_team_may_have_a_clock_of_its_own() -> None:
    usual = parse_agreement(SERVICE).working_time
    assert usual is not None
    assert usual.timezone is None
    sales = usual.teams["sales"]
    assert sales.timezone == "Europe/Vienna"
    assert (sales.holidays.country, sales.holidays.also) == ("AT", ())
    # Naming one weekday takes the place of them all.
    assert sales.days["tuesday"] == ((time(9), time(17)),)
    assert sales.days["monday"] == ()
    assert dict(sales.teams) == {}


@pytest.mark.parametrize(
    ("says", "different"),
    [
        ('timezone = "Europe/Vienna"', {"timezone"}),
        ('holidays = { country = "AT" }', {"holidays"}),
        ("holidays = {}", {"holidays"}),
        ('friday = ["08:00-12:00"]', {"days"}),
    ],
)
def test_what_a_team_does_not_state_is_as_usual(says: str, different: set[str]) -> None:
    usual = parse_agreement(f"{SKETCH}\n[working_time.teams.anybody]\n{says}\n").working_time
    assert usual is not None
    team = usual.teams["anybody"]  # without [teams] any name will do
    assert isinstance(team, WorkingTime)
    parts = ("timezone", "holidays", "days")
    assert {part for part in parts if getattr(team, part) != getattr(usual, part)} == different


def test_hours_are_sorted_and_may_touch_or_end_at_midnight() -> None:
    working_time = parse_agreement(
        TOP + STAGES + '[working_time]\nfriday = ["12:00-24:00", "08:00 – 12:00"]\n'
    ).working_time
    assert working_time is not None
    assert working_time.days["friday"] == ((time(8), time(12)), (time(12), time(0)))


def test_nothing_can_be_changed_after_reading() -> None:
    agreement = parse_agreement(SKETCH)
    with pytest.raises(FrozenInstanceError):
        agreement.company = "Other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        agreement.channels["new"] = Channel(side="sales")  # type: ignore[index]
    with pytest.raises(TypeError):
        agreement.links["lead"] = "x"  # type: ignore[index]


def test_text_and_hash_identify_the_file_whatever_its_line_ends() -> None:
    unix = parse_agreement(SKETCH)
    windows = parse_agreement("\ufeff" + SKETCH.replace("\n", "\r\n"))
    assert unix.text == windows.text == SKETCH
    assert unix.sha256 == windows.sha256
    assert unix.sha256 != parse_agreement(SKETCH + "# one more word\n").sha256


def test_the_stored_text_gives_the_same_agreement_again() -> None:
    for sketch in (SKETCH, SERVICE):
        agreement = parse_agreement(sketch)
        assert parse_agreement(agreement.text, name="stored") == agreement


# --- files -----------------------------------------------------------------------------------


def test_a_file_knows_where_its_targets_lie(tmp_path: Path) -> None:
    path = tmp_path / "agreement.toml"
    path.write_text(SKETCH, encoding="utf-8")
    agreement = load_agreement(path)
    assert agreement.path == path.resolve()
    assert agreement.targets_path == tmp_path.resolve() / "targets.csv"
    assert load_agreement(str(path)) == agreement


def test_a_missing_file_names_what_ships(tmp_path: Path) -> None:
    with pytest.raises(AgreementError, match=r"There is no agreement olisst.*Did you mean 'olist'"):
        load_agreement("olisst")
    with pytest.raises(AgreementError, match=r"There is no agreement .*nowhere\.toml"):
        load_agreement(tmp_path / "nowhere.toml")


def test_a_syntax_error_shows_its_line(tmp_path: Path) -> None:
    path = tmp_path / "agreement.toml"
    path.write_text('company = "A"\ncurrency = EUR\n', encoding="utf-8")
    with pytest.raises(AgreementError) as caught:
        load_agreement(path)
    assert str(caught.value) == (
        f"The agreement {path} is not valid TOML, line 2: Invalid value.\n    2 | currency = EUR"
    )


def test_a_text_that_ends_too_early_shows_its_last_line() -> None:
    with pytest.raises(AgreementError, match=r"line 2: .*\n    2 \| stages = \["):
        parse_agreement('company = "A"\nstages = [\n')


def test_a_file_that_is_not_utf8_says_so(tmp_path: Path) -> None:
    path = tmp_path / "agreement.toml"
    path.write_bytes('company = "Müller"\n'.encode("cp1252"))
    with pytest.raises(AgreementError, match=r"is not UTF-8 text \(byte 13\)"):
        load_agreement(path)


def test_a_folder_is_no_agreement(tmp_path: Path) -> None:
    with pytest.raises(AgreementError, match="cannot be read: Is a directory"):
        load_agreement(tmp_path)


# --- agreements that ship --------------------------------------------------------------------


@pytest.mark.parametrize("name", shipped_agreements())
def test_every_shipped_agreement_is_whole(name: str) -> None:
    agreement = load_agreement(name)
    assert isinstance(agreement, Agreement)
    assert len(agreement.stages) >= 2
    for stage in agreement.stages:
        assert "…" not in stage.definition.de + stage.definition.en


def test_the_examples_of_the_documentation_are_agreements() -> None:
    text = (Path(__file__).parents[1] / "docs" / "definitions.md").read_text(encoding="utf-8")
    section = text.partition("## What the agreement says about the work on a lead")[2]
    example = section.partition("```toml\n")[2].partition("```")[0]
    reasons = "[reasons.recycled]\nbudget_next_year = { de = 'a', en = 'b' }\n"
    stages = "".join(
        STAGES.partition('[[stages]]\nname = "won"')[0].replace('"inquiry"', f'"{name}"')
        for name in ("inquiry", "sales_accepted", "sales_qualified")
    )
    stages += STAGES[STAGES.index('[[stages]]\nname = "won"') :]
    agreement = parse_agreement(TOP + stages + example + reasons)
    assert agreement.qualification is not None
    assert agreement.qualification.score == Score("sales_accepted", 60, 100)
    assert agreement.links.keys() == {"lead", "deal"}


@pytest.mark.real_data
def test_olist_is_agreed_as_its_data_are(shared_data: Path) -> None:
    agreement = load_agreement("olist")
    assert agreement.stage_names == ("marketing_qualified", "won")
    assert (agreement.currency, agreement.timezone) == ("BRL", "America/Sao_Paulo")
    deals = shared_data / "olist_funnel" / "olist_closed_deals_dataset.csv"
    with deals.open(encoding="utf-8", newline="") as lines:
        first = min(row["won_date"] for row in csv.DictReader(lines))
    assert agreement.stage("won").observed_from == date.fromisoformat(first[:10])


@pytest.mark.real_data
def test_maven_is_agreed_as_its_data_are(shared_data: Path) -> None:
    pipeline = shared_data / "maven_crm" / "sales_pipeline.csv"
    with pipeline.open(encoding="utf-8", newline="") as lines:
        found = {row["deal_stage"].lower() for row in csv.DictReader(lines)}
    agreed = set(load_agreement("maven_crm").stage_names)
    # nobody knows when an opportunity that is still being prospected began
    assert found - {"lost", "prospecting"} == agreed
