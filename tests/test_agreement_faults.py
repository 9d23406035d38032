"""A faulty agreement: every fault is named at once, at its place, with what to write instead."""

from __future__ import annotations

import re

import pytest

from funnel_analytics.agreement import parse_agreement
from funnel_analytics.errors import AgreementError
from tests.test_agreement import SERVICE, SKETCH, STAGES, TOP

HOURS = '[working_time]\nmonday = ["08:00-12:00"]\n'
BANT = '[qualification]\nframework = "BANT"\ncriteria = ["need"]\nat_least = 1\n'
BOTH_TEAMS = (
    '[teams]\nmarketing = { de = "Marketing", en = "Marketing" }\n'
    'sales = { de = "Vertrieb", en = "Sales" }'
)


def faults_of(text: str) -> list[str]:
    """The bullets of the message that refuses an agreement."""
    with pytest.raises(AgreementError) as caught:
        parse_agreement(text)
    return [line[2:] for line in str(caught.value).splitlines()[1:]]


def test_all_faults_are_reported_at_once_with_their_places() -> None:
    faulty = """
compny = "Beispiel GmbH"
agreed_on = "2026-01-15"
language = "fr"
currency = "EURO"
timezone = "Berlin"
minimum_group_size = 0

[[stages]]
name = "inquiry"
label = { de = "Anfrage" }
owner = "marketing"
definition = { de = "a", en = "b" }

[[stages]]
name = "inquiry"
label = { de = "Gewonnen", en = "Won" }
ownr = "sales"
definition = { de = "a", en = "b" }
expected_days = -1
"""
    with pytest.raises(AgreementError) as caught:
        parse_agreement(faulty, name="data/agreement.toml")
    assert caught.value.exit_code == 2
    assert str(caught.value) == (
        "The agreement data/agreement.toml has 12 faults:\n"
        "- company: is missing; write a text in quotes.\n"
        "- agreed_on: is the text '2026-01-15'; write a day without quotes, such as 2026-01-15.\n"
        "- language: 'fr' is not one of de, en.\n"
        "- currency: 'EURO' is no currency; write its three-letter ISO 4217 code.\n"
        "- timezone: 'Berlin' is no time zone of the IANA list. Did you mean 'Europe/Berlin'?\n"
        "- minimum_group_size: 0 is out of range; write a whole number of at least 1.\n"
        "- stages[1].label.en: is missing; write a text in quotes.\n"
        "- stages[2].name: 'inquiry' is listed twice.\n"
        "- stages[2].owner: is missing; write the team that answers for entering the stage.\n"
        "- stages[2].expected_days: -1 is out of range; write a number above 0.\n"
        "- stages[2].ownr: unknown key. Did you mean 'owner'?\n"
        "- compny: unknown key. Did you mean 'company'?"
    )


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        (
            '[teams]\nsales = { de = "a", en = "b" }',
            "stages[1].owner: 'marketing' is not one of sales.",
        ),
        (
            "[working_time]",
            "working_time: no day has working hours, so no deadline could ever pass.",
        ),
        (
            '[working_time]\nmonday = ["08:00-12:00", "11:30-17:00"]',
            "working_time.monday: 08:00-12:00 and 11:30-17:00 overlap.",
        ),
        (
            '[working_time]\nmonday = ["22:00-06:00"]',
            (
                "working_time.monday[1]: '22:00-06:00' ends before it starts; hours past midnight "
                "belong to the next day."
            ),
        ),
        (
            '[working_time]\nmonday = ["08:00-12:00", "1-5"]',
            "working_time.monday[2]: '1-5' are no hours; write \"08:00-12:00\".",
        ),
        (
            '[working_time]\nmonday = "08:00-12:00"',
            "working_time.monday: is the text '08:00-12:00'; write a list in square brackets.",
        ),
        (
            '[working_time]\nmonday = ["08:00-12:00"]\nmontag = []',
            "working_time.montag: unknown key. Did you mean 'monday'?",
        ),
        (
            '[working_time]\nmonday = ["08:00-12:00"]\nholidays = { country = "Germany" }',
            (
                "working_time.holidays.country: 'Germany' is no country whose holidays are known; "
                "write a code such as \"DE\". Did you mean 'DE'?"
            ),
        ),
        (
            (
                '[working_time]\nmonday = ["08:00-12:00"]\n'
                'holidays = { country = "DE", subdivision = "Bayern" }'
            ),
            (
                "working_time.holidays.subdivision: 'Bayern' is no part of DE; it has BB, BE, BW, "
                "BY, HB, HE, HH, MV, NI, NW, RP, SH, SL, SN, ST, TH, Augsburg. Did you mean 'BY'?"
            ),
        ),
        (
            '[working_time]\nmonday = ["08:00-12:00"]\nholidays = { subdivision = "BY" }',
            "working_time.holidays.subdivision: stands alone; write the country as well.",
        ),
        (
            '[working_time]\nmonday = ["08:00-12:00"]\nholidays = { also = [2026-12-24, "x"] }',
            (
                "working_time.holidays.also[2]: is the text 'x'; write a day without quotes, such "
                "as 2026-01-15."
            ),
        ),
        (
            "[first_contact]\nwithin_hours = 0",
            "first_contact.within_hours: 0 is out of range; write a number above 0.",
        ),
        (
            "[first_contact]\nwithin_hours = true",
            "first_contact.within_hours: is the truth value true; write a number above 0.",
        ),
        (
            '[first_contact]\nwithin_hours = 4\nby_origin = { inbound = "4" }',
            "first_contact.by_origin.inbound: is the text '4'; write a number above 0.",
        ),
        (
            "[handover.marketing_to_sdrs]\nrespond_within_hours = 8",
            "handover.marketing_to_sdrs: unknown key. Did you mean 'marketing_to_sdr'?",
        ),
        (
            "[handover.sdr_to_sales]",
            "handover.sdr_to_sales.respond_within_hours: is missing; write a number above 0.",
        ),
        (
            '[qualification]\nframework = "BANT"\ncriteria = ["need"]\nat_least = 2',
            "qualification.at_least: 2 is more than the 1 criteria.",
        ),
        (
            (
                '[qualification]\nframework = "BANT"\ncriteria = ["need"]\nat_least = 1\n'
                'required = ["needs"]'
            ),
            "qualification.required[1]: 'needs' is not one of need. Did you mean 'need'?",
        ),
        (
            '[qualification]\nframework = "BANT"\ncriteria = ["need", "need"]\nat_least = 1',
            "qualification.criteria[2]: 'need' is listed twice.",
        ),
        (
            '[reasons.refused]\nprice = { de = "Preis", en = "Price" }',
            "reasons.refused: unknown key. Known here: rejected, lost, recycled.",
        ),
        (
            '[reasons.lost]\nprice = "Preis"',
            "reasons.lost.price: is the text 'Preis'; write a table.",
        ),
        (
            (
                '[channels]\na = { side = "marketing", includes = ["google"] }\n'
                'b = { side = "sales", includes = ["Google"] }'
            ),
            "channels.b.includes[1]: 'Google' belongs to channel 'a' already.",
        ),
        (
            (
                '[channels]\nemail = { side = "marketing" }\n'
                'newsletter = { side = "marketing", includes = ["email"] }'
            ),
            "channels.newsletter.includes[1]: 'email' belongs to channel 'email' already.",
        ),
        (
            '[channels]\n"paid search" = { side = "marketing" }',
            (
                "channels.\"paid search\": 'paid search' is no name: use small letters a-z, digits "
                "and underscores."
            ),
        ),
        (
            '[channels]\nweb = { side = "marketting" }',
            (
                "channels.web.side: 'marketting' is not one of marketing, sales. "
                "Did you mean 'marketing'?"
            ),
        ),
        (
            '[attribution]\nmodel = "marcov"',
            (
                "attribution.model: 'marcov' is not one of first, last, last_non_direct, linear, "
                "position_based, time_decay, w_shaped, full_path, markov, markov_2, markov_3, "
                "markov_4, markov_without_nulls, shapley, shapley_ordered, shapley_rate. "
                "Did you mean 'markov'?"
            ),
        ),
        (
            '[attribution]\njourneys_of = "company"',
            "attribution.journeys_of: 'company' is not one of lead, account.",
        ),
        (
            '[attribution]\nrepeats = "collapse"',
            (
                "attribution.repeats: 'collapse' is not one of kept, collapsed. "
                "Did you mean 'collapsed'?"
            ),
        ),
        (
            '[attribution]\ndirect = "drop"',
            (
                "attribution.direct: 'drop' is not one of kept, unless_alone, dropped. "
                "Did you mean 'dropped'?"
            ),
        ),
        (
            '[attribution]\ndirect_channels = "direct"',
            "attribution.direct_channels: is the text 'direct'; write a list in square brackets.",
        ),
        (
            "[attribution]\npool_below = -1",
            "attribution.pool_below: -1 is out of range; write a whole number of at least 0.",
        ),
        (
            "[attribution]\nactivities = 3",
            "attribution.activities: is the number 3; write true or false without quotes.",
        ),
        (
            "[attribution.activities]\ncall = 3",
            "attribution.activities.call: is the number 3; write a text in quotes.",
        ),
        (
            (
                '[channels]\nfair = { side = "marketing" }\n'
                '[attribution.activities]\nmeeting = "fair"'
            ),
            (
                "attribution.activities.meeting: 'fair' is a channel of marketing; what our people "
                "do is of sales."
            ),
        ),
        (
            '[attribution.own.linear]\nlabel = { de = "A", en = "A" }\nrest = 1',
            "attribution.own.linear: 'linear' is a model already; choose another name.",
        ),
        (
            '[attribution.own."our rule"]\nlabel = { de = "A", en = "A" }\nrest = 1',
            (
                "attribution.own.\"our rule\": 'our rule' is no name: use small letters a-z, "
                "digits and underscores."
            ),
        ),
        (
            '[attribution.own.ours]\nlabel = { de = "A", en = "A" }\nfirst = 0.5\nlast = 0.4',
            "attribution.own.ours: the shares sum to 0.9, not to 1.",
        ),
        (
            "[attribution.own.ours]\nrest = 1",
            'attribution.own.ours.label: is missing; write { de = "…", en = "…" }.',
        ),
        (
            '[attribution.own.ours]\nlabel = { de = "A", en = "A" }\nmiddle = 1\nrest = 1',
            (
                "attribution.own.ours.middle: unknown key. Known here: label, first, lead_created, "
                "opportunity_created, last, rest."
            ),
        ),
        (
            "[attribution]\nlookback_days = 90.5",
            "attribution.lookback_days: is the number 90.5; write a whole number from 1 to 36500.",
        ),
        (
            "[attribution]\nfirst_share = 0.7",
            "attribution.first_share: 0.7 and last_share 0.4 are more than 1 together.",
        ),
        (
            "[attribution]\nhalf_life_days = nan",
            "attribution.half_life_days: nan is out of range; write a number above 0.",
        ),
        (
            "[maturity]\nmature_from = 90",
            "maturity.mature_from: 90 is out of range; write a number above 0 and not above 1.",
        ),
        (
            "[loading]\nmax_quarantined_share = 2",
            "loading.max_quarantined_share: 2 is out of range; write a number from 0 to 1.",
        ),
        ("[targets]\nfile = ''", "targets.file: is empty."),
        (
            '[privacy]\nids = "pseudonyms"',
            ("privacy.ids: 'pseudonyms' is not one of pseudonym, plain. Did you mean 'pseudonym'?"),
        ),
        (
            "[privacy]\npersonal = true",
            "privacy.personal: is the truth value true; write a text in quotes.",
        ),
        (
            '[privacy]\nid = "plain"',
            "privacy.id: unknown key. Did you mean 'ids'?",
        ),
        (
            '[identity]\nmerge_leads_by = ["e-mail"]',
            "identity.merge_leads_by[1]: 'e-mail' is not one of email. Did you mean 'email'?",
        ),
        (
            '[identity]\nweb_user_ids = "SF:"',
            "identity.web_user_ids: 'SF:' is no name: use small letters a-z, digits and "
            "underscores.",
        ),
        (
            '[identity]\naccount_by_domain = "no"',
            "identity.account_by_domain: is the text 'no'; write true or false without quotes.",
        ),
        (
            "[exchange]\nmax_age_days = -1",
            "exchange.max_age_days: -1 is out of range; write a whole number of at least 0.",
        ),
        (
            "[exchange]\nmax_age_days = 1.5",
            "exchange.max_age_days: is the number 1.5; write a whole number of at least 0.",
        ),
        (
            "[checks.orphans]",
            "checks.orphans: sets no limit; write review_above or fail_above.",
        ),
        (
            "[checks.orphans]\nreview_above = 0.3\nfail_above = 0.2",
            (
                "checks.orphans.review_above: 0.3 is above fail_above 0.2, so nothing would ever "
                "be reviewed."
            ),
        ),
        (
            "[checks.orphans]\nfails_above = 0.2\nreview_above = 0.1",
            "checks.orphans.fails_above: unknown key. Did you mean 'fail_above'?",
        ),
        (
            "[checks.orphans]\nfail_above = -0.2",
            ("checks.orphans.fail_above: -0.2 is out of range; write a number of at least 0."),
        ),
        ("[checks]\norphans = 0.2", "checks.orphans: is the number 0.2; write a table."),
        (
            '[statuses]\nreject = ["Unqualified"]',
            "statuses.reject: unknown key. Did you mean 'rejected'?",
        ),
        (
            '[statuses]\nrejected = ["Bad"]\nlost = ["bad"]',
            "statuses.lost[1]: 'bad' belongs to status 'rejected' already.",
        ),
        (
            '[statuses]\nlost = ["Rejected"]',
            "statuses.lost[1]: 'Rejected' belongs to status 'rejected' already.",
        ),
        (
            '[statuses]\nlost = ["Inquiry"]',
            "statuses.lost[1]: 'Inquiry' belongs to stage 'inquiry' already.",
        ),
        (
            '[statuses]\nlost = ["Bad", "BAD"]',
            "statuses.lost[2]: 'BAD' is listed twice, in another case.",
        ),
        ('[statuses]\nlost = ["Bad", "Bad"]', "statuses.lost[2]: 'Bad' is listed twice."),
        (
            '[statuses]\nlost = "Bad"',
            "statuses.lost: is the text 'Bad'; write a list in square brackets.",
        ),
        (
            "[first_contact]\nwithin_hours = 4\nby_stage = { inquiri = 4 }",
            (
                "first_contact.by_stage.inquiri: 'inquiri' is not one of inquiry, won. "
                "Did you mean 'inquiry'?"
            ),
        ),
        (
            "[first_contact]\nwithin_hours = 4\nby_priority = { high = 0 }",
            "first_contact.by_priority.high: 0 is out of range; write a number above 0.",
        ),
        (
            "[first_contact]\nwithin_hours = 4\nby_priorities = { high = 2 }",
            "first_contact.by_priorities: unknown key. Did you mean 'by_priority'?",
        ),
        (
            '[handover.sdr_to_sales]\nrespond_within_hours = 8\nreturn_to_pool = "yes"',
            (
                "handover.sdr_to_sales.return_to_pool: is the text 'yes'; write true or false "
                "without quotes."
            ),
        ),
        (
            f'{HOURS}[working_time.teams.sale]\nmonday = ["09:00-17:00"]\n{BOTH_TEAMS}',
            (
                "working_time.teams.sale: 'sale' is not one of marketing, sales. "
                "Did you mean 'sales'?"
            ),
        ),
        (
            f"{HOURS}[working_time.teams.sales]\n",
            (
                "working_time.teams.sales: is empty; write what differs from the usual hours, or "
                "leave it out."
            ),
        ),
        (
            f"{HOURS}[working_time.teams.sales]\nmonday = []\n",
            ("working_time.teams.sales: no day has working hours, so no deadline could ever pass."),
        ),
        (
            f'{HOURS}[working_time.teams.sales]\ntimezone = "Wien"\n',
            "working_time.teams.sales.timezone: 'Wien' is no time zone of the IANA list.",
        ),
        (
            f'{HOURS}[working_time.teams.sales]\nmonday = ["9-5"]\n',
            "working_time.teams.sales.monday[1]: '9-5' are no hours; write \"08:00-12:00\".",
        ),
        (
            f'{HOURS}[working_time.teams.sales]\nmoday = ["09:00-17:00"]\ntimezone = "Asia/Tokyo"',
            "working_time.teams.sales.moday: unknown key. Did you mean 'monday'?",
        ),
        (
            f"{HOURS}[working_time.teams]\nsales = 8\n",
            "working_time.teams.sales: is the number 8; write a table.",
        ),
        (
            f'{HOURS}timezone = "Europe/Vienna"\n',
            (
                "working_time.timezone: unknown key. Known here: monday, tuesday, wednesday, "
                "thursday, friday, saturday, sunday, holidays, teams."
            ),
        ),
        (
            f'{BANT}[qualification.score]\npredicts = "wonn"\nqualified_from = 60',
            (
                "qualification.score.predicts: 'wonn' is not one of inquiry, won. "
                "Did you mean 'won'?"
            ),
        ),
        (
            f'{BANT}[qualification.score]\npredicts = "inquiry"\nqualified_from = 60',
            ("qualification.score.predicts: 'inquiry' is the first stage; every lead enters it."),
        ),
        (
            f'{BANT}[qualification.score]\npredicts = "won"\nqualified_from = 11\nhighest = 10',
            (
                "qualification.score.qualified_from: 11 is above highest 10, so no lead would "
                "ever qualify."
            ),
        ),
        (
            f'{BANT}[qualification.score]\npredicts = "won"',
            "qualification.score.qualified_from: is missing; write a number of at least 0.",
        ),
        (
            f'{BANT}[qualification.score]\npredicts = "won"\nqualified_from = 0\nhighest = 0',
            "qualification.score.highest: 0 is out of range; write a number above 0.",
        ),
        (
            f'{BANT}[qualification.score]\npredict = "won"\npredicts = "won"\nqualified_from = 1',
            "qualification.score.predict: unknown key. Did you mean 'predicts'?",
        ),
        (
            "[buying_group]\nminimum_contacts = 0",
            (
                "buying_group.minimum_contacts: 0 is out of range; write a whole number of at "
                "least 1."
            ),
        ),
        (
            "[buying_group]",
            "buying_group.minimum_contacts: is missing; write a whole number of at least 1.",
        ),
        (
            "[buying_group]\nminimum_contacts = 3\ndecision_roles = []",
            ("buying_group.decision_roles: is empty; list at least one role, or leave it out."),
        ),
        (
            '[buying_group]\nminimum_contacts = 3\ndecision_roles = "user"',
            ("buying_group.decision_roles: is the text 'user'; write a list in square brackets."),
        ),
        (
            "[buying_group]\nminimum_contacts = 3\nroles = []",
            ("buying_group.roles: unknown key. Known here: minimum_contacts, decision_roles."),
        ),
        (
            '[follow_up]\nnext_step_from = "accepted"',
            "follow_up.next_step_from: 'accepted' is not one of inquiry, won.",
        ),
        (
            "[follow_up]\nrecycled_due_days = 0",
            "follow_up.recycled_due_days: 0 is out of range; write a number above 0.",
        ),
        (
            (
                "[follow_up]\nrecycled_due_days_by_reason = { too_earl = 30 }\n"
                '[reasons.recycled]\ntoo_early = { de = "Zu früh", en = "Too early" }'
            ),
            (
                "follow_up.recycled_due_days_by_reason.too_earl: 'too_earl' is not one of "
                "too_early. Did you mean 'too_early'?"
            ),
        ),
        (
            "[follow_up]\nrecycled_days = 90",
            "follow_up.recycled_days: unknown key. Did you mean 'recycled_due_days'?",
        ),
        (
            '[links]\nlead = "https://crm.example/lead"',
            (
                "links.lead: 'https://crm.example/lead' lacks {id}, which stands for the id in "
                "the CRM."
            ),
        ),
        (
            '[links]\ndeal = "crm.example/{id}"',
            (
                "links.deal: 'crm.example/{id}' is no address; write one such as "
                '"https://crm.example/deal/{id}".'
            ),
        ),
        (
            '[links]\nlead = "javascript:alert({id})"',
            (
                "links.lead: 'javascript:alert({id})' is no address; write one such as "
                '"https://crm.example/lead/{id}".'
            ),
        ),
        (
            '[links]\nlead = "https://crm.example/{lead}/{id}"',
            (
                "links.lead: 'https://crm.example/{lead}/{id}' is no address; write one such as "
                '"https://crm.example/lead/{id}".'
            ),
        ),
        (
            '[links]\nleads = "https://crm.example/{id}"',
            "links.leads: unknown key. Did you mean 'lead'?",
        ),
    ],
)
def test_one_fault_is_named_once_at_its_place(more: str, fault: str) -> None:
    assert faults_of(f"{TOP}{STAGES}\n{more}\n") == [fault]


@pytest.mark.parametrize(
    ("stages", "fault"),
    [
        ("", "stages: is missing; write a list of tables [[stages]]."),
        ("stages = []", "stages: a funnel needs at least 2 stages; here is 0."),
        ("stages = [1, 2]", "stages[1]: is the number 1; write a table."),
        (STAGES.partition('[[stages]]\nname = "won"')[0], "stages: a funnel needs at least 2"),
        (STAGES.replace('"inquiry"', '"First Inquiry"'), "stages[1].name: 'First Inquiry' is no"),
        (STAGES.replace('"inquiry"', '"revenue"'), "stages[1].name: 'revenue' is the name of a"),
        (
            STAGES + 'includes = ["Inquiry"]',
            "stages[2].includes[1]: 'Inquiry' belongs to stage 'inquiry' already.",
        ),
        (
            STAGES.replace('name = "inquiry"', 'name = "inquiry"\nincludes = ["MQL", "New"]')
            + 'includes = ["Signed", "mql"]',
            "stages[2].includes[2]: 'mql' belongs to stage 'inquiry' already.",
        ),
        (
            STAGES + 'includes = ["Done"]\n[statuses]\nlost = ["done"]',
            "statuses.lost[1]: 'done' belongs to stage 'won' already.",
        ),
        (STAGES + "observed_from = 2026-01-01T00:00:00", "stages[2].observed_from: is the instant"),
        (
            STAGES.replace('definition = { de = "Unterschrieben.", en = "Signed." }', ""),
            'stages[2].definition: is missing; write { de = "…", en = "…" }.',
        ),
    ],
)
def test_stages_have_faults_of_their_own(stages: str, fault: str) -> None:
    assert faults_of(TOP + stages)[0].startswith(fault)


@pytest.mark.parametrize("key", ["company", "agreed_on", "language", "currency", "timezone"])
def test_what_every_agreement_needs_cannot_be_left_out(key: str) -> None:
    rest = "\n".join(line for line in TOP.splitlines() if not line.startswith(key))
    (fault,) = faults_of(f"{rest}\n{STAGES}")
    assert fault.startswith(f"{key}: is missing; write ")


def test_a_currency_in_small_letters_gets_a_hint() -> None:
    (fault,) = faults_of(TOP.replace('"EUR"', '"eur"') + STAGES)
    assert fault.endswith("ISO 4217 code. Did you mean 'EUR'?")


# Every line of the two examples, with a value of every wrong kind in its place.
VALUES = ["1", "-1", "nan", "true", '"x"', '""', "[]", "[1]", "[[]]", "[{}]", "{}", "{ x = 1 }",
          "2026-01-01", "08:00:00", '["x", "x"]']  # fmt: skip
NAMES = ("no_authority", "paid_search", "high", "low")  # keys that are free to choose
LABELS = ("marketing", "sales", "budget_next_year")  # named elsewhere in the example
LINES = [
    (text, number)
    for text, first in ((SKETCH, 0), (SERVICE, len(SKETCH.splitlines())))
    for number, line in enumerate(text.splitlines())
    if number >= first and re.match(r"\w+ =", line) and line.partition(" =")[0] not in LABELS
]


@pytest.mark.parametrize(("text", "number"), LINES)
def test_a_wrong_value_is_a_fault_and_nothing_worse(text: str, number: int) -> None:
    lines = text.splitlines()
    key = lines[number].partition(" =")[0]
    messages = []
    for value in VALUES:
        lines[number] = f"{key} = {value}"
        try:
            parse_agreement("\n".join(lines))
        except AgreementError as error:
            messages.append(str(error).replace("no day has working hours", key))
    assert len(messages) >= len(VALUES) - 4
    assert [message for message in messages if key not in message] == []


@pytest.mark.parametrize(("text", "number"), LINES)
def test_a_mistyped_key_is_a_fault(text: str, number: int) -> None:
    lines = text.splitlines()
    key = lines[number].partition(" =")[0]
    lines[number] = lines[number].replace(key, f"{key}_", 1)
    if key in NAMES:
        parse_agreement("\n".join(lines))
    else:
        with pytest.raises(AgreementError, match=rf"{key}_: .*Did you mean '{key}'"):
            parse_agreement("\n".join(lines))
