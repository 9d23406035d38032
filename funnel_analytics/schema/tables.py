"""The canonical tables: their columns, keys and kinds, stated once."""

from __future__ import annotations

from collections.abc import Mapping

from funnel_analytics.schema.model import Table, table

__all__ = ["TABLES"]

TABLES: Mapping[str, Table] = {
    each.name: each
    for each in (
        table(
            "account",
            "One row per company",
            ("account",),
            "Export the accounts (companies) of the CRM.",
            """
            account id required
            domain domain
            segment text
            industry text
            employees integer
            country text
            region text
            """,
        ),
        table(
            "person",
            "One row per person of ours, pseudonymised",
            ("person",),
            "Export the users (owners) of the CRM.",
            """
            person id required
            team text
            role text
            calendar text
            is_queue boolean
            """,
        ),
        table(
            "lead",
            "One row per lead",
            ("lead",),
            "Export the leads (or contacts) with the day they were created.",
            """
            lead id required
            person_key id
            account id
            contact id
            email email
            domain domain
            visitor visitor
            created_at timestamp required observed
            origin text
            channel text
            campaign code
            owner id
            state text
            status text
            converted_at timestamp observed
            deal id
            merged_into id
            score number
            priority text
            next_step_on date
            is_test boolean
            is_deleted boolean
            """,
        ),
        table(
            "lead_field",
            "One row per lead and free attribute",
            ("lead", "attribute"),
            "List the column under [files.attributes] of the preset.",
            """
            lead id required
            attribute text required
            value text
            """,
        ),
        table(
            "contact",
            "One row per contact of the CRM; a lead that was converted lives on as one",
            ("contact",),
            "Export the contacts of the CRM with their account and e-mail address.",
            """
            contact id required
            lead id
            account id
            email email
            domain domain
            created_at timestamp observed
            owner id
            merged_into id
            is_deleted boolean
            """,
        ),
        table(
            "stage_event",
            "One row per entry of a lead, or of a deal, into a stage or status",
            (),
            "Export the stage (status) history of the leads and deals.",
            """
            lead id
            deal id
            property text
            seq integer
            cycle integer
            entered_at timestamp required observed
            entered_after timestamp
            entered_before timestamp
            from_stage text
            state text
            stage text
            status text
            reason text
            by id
            provenance text
            """,
            fact="lead deal property entered_at state stage status",
            one_of="lead deal",
        ),
        table(
            "snapshot",
            "One row per lead or deal and dated export: the state in which it was seen",
            (),
            "Export the leads and deals with their stage, again and again: every month or week.",
            """
            lead id
            deal id
            property text
            state text required
            changed_at timestamp observed
            closed_at timestamp observed
            seen_at timestamp
            """,
            fact="lead deal property seen_at",
            one_of="lead deal",
        ),
        table(
            "stage_label",
            "One row per stage of a CRM's pipeline: its internal name and what people call it",
            ("state",),
            "Export the pipeline stages of the CRM.",
            """
            state code required
            label text
            is_won boolean
            is_closed boolean
            """,
        ),
        table(
            "handover",
            "One row per hand-over of a lead from one team to the next",
            (),
            "Export owner or queue changes of the leads with their time and outcome.",
            """
            lead id required
            kind text required
            handed_at timestamp required observed
            from_team text
            to_team text
            missing_fields integer
            due_at timestamp
            accepted_at timestamp observed
            rejected_at timestamp observed
            reason text
            escalated_at timestamp observed
            """,
            fact="lead kind handed_at",
        ),
        table(
            "activity",
            "One row per activity of our people towards a lead, or of a lead towards us",
            ("activity",),
            "Export the tasks, calls, e-mails and meetings of the CRM.",
            """
            activity id
            lead id
            deal id
            happened_at timestamp required observed
            kind text
            direction text
            outcome text
            by id
            is_automated boolean
            is_connect boolean
            """,
            one_of="lead deal",
        ),
        table(
            "qualification",
            "One row per answer to a qualification criterion of a lead",
            (),
            "Export the qualification (BANT) fields of the leads with the time of their answer.",
            """
            lead id required
            recorded_at timestamp required observed
            criterion text required
            value text
            framework text
            """,
            fact="lead criterion recorded_at",
        ),
        table(
            "deal",
            "One row per deal (opportunity)",
            ("deal",),
            "Export the opportunities (deals) with amount, close date and outcome.",
            """
            deal id required
            account id
            amount number
            currency text
            kind text
            created_at timestamp observed
            closed_at timestamp observed
            expected_on date
            next_step_on date
            is_won boolean
            probability number
            lost_reason text
            competitor text
            product text
            campaign code
            owner id
            is_deleted boolean
            """,
        ),
        table(
            "deal_contact",
            "One row per contact on a deal",
            (),
            "Export the contact roles of the opportunities.",
            """
            deal id required
            lead id
            contact id
            person_key id
            role text
            is_primary boolean
            added_at timestamp observed
            """,
            fact="deal lead contact person_key role",
        ),
        table(
            "campaign",
            "One row per campaign",
            ("campaign",),
            "Export the campaigns with channel, dates and budget.",
            """
            campaign code required
            name text
            channel text
            started_on date
            ended_on date
            budget number
            planned_leads integer
            objective text
            """,
        ),
        table(
            "touch",
            "One row per contact of a person or account with a channel",
            ("touch",),
            "Export the touches: visits, form fills, campaign responses, meetings.",
            """
            touch id
            person_key id
            lead id
            contact id
            web_user web_user
            email email
            visitor visitor
            account id
            touched_at timestamp required observed
            kind text
            channel text
            source text
            medium text
            campaign code
            content text
            side text
            cost number
            """,
        ),
        table(
            "spend",
            "One row per day, channel and campaign that money was spent on",
            (),
            "Export the daily cost of every advertising account.",
            """
            spent_on date required observed
            channel text
            campaign code
            amount number required
            currency text
            impressions integer
            clicks integer
            """,
            fact="spent_on channel campaign",
        ),
        table(
            "exchange_rate",
            "One row per day and pair of currencies: how much of `currency` one `base` buys",
            ("rated_on", "base", "currency"),
            "Download the reference rates of a central bank: date, currency, rate.",
            """
            rated_on date required
            base text required
            currency text required
            rate number required
            """,
        ),
        table(
            "target",
            "One row per month, metric and dimension that a number was agreed for",
            ("month", "metric", "dimension"),
            "Write the agreed targets as a sheet: month, metric, dimension, value.",
            """
            month date required
            metric text required
            dimension text
            value number required
            agreed_on date
            """,
        ),
    )
}
