"""The canonical tables: their columns, keys and kinds, stated once.

Sources fill these tables, marts read them. One row of every table is named in its `grain`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["TABLES", "Column", "Kind", "Table"]

Kind = Literal["id", "text", "timestamp", "date", "number", "integer", "boolean"]


@dataclass(frozen=True)
class Column:
    """One column; `observed` marks instants that no export can hold before they happened."""

    name: str
    kind: Kind = "text"
    required: bool = False
    observed: bool = False


@dataclass(frozen=True)
class Table:
    """One canonical table; rows with the same `key` are one thing."""

    name: str
    grain: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    how_to_get: str = ""

    def collapses(self, columns: Iterable[str]) -> bool:
        """Are rows that are alike in these columns one thing?

        Yes where they carry an id, and for entries, hand-overs and answers at one instant. Visits
        without an id and costs can happen twice alike.
        """
        has_id = bool(self.key) and set(self.key) <= {*columns, "dimension"}
        return has_id or self.name in ("stage_event", "handover", "qualification", "deal_contact")

    def column(self, name: str) -> Column | None:
        """The column of that name, or nothing."""
        return next((column for column in self.columns if column.name == name), None)

    @property
    def timestamps(self) -> tuple[str, ...]:
        """The columns that hold instants; each has a `…_is_day` twin for its precision."""
        return tuple(column.name for column in self.columns if column.kind == "timestamp")


def _table(name: str, grain: str, key: tuple[str, ...], how_to_get: str, columns: str) -> Table:
    """Build a table from lines `name kind [required] [observed]`."""
    parsed = []
    for line in columns.strip().splitlines():
        column, kind, *marks = line.split()
        parsed.append(
            Column(column, kind, "required" in marks, "observed" in marks)  # type: ignore[arg-type]
        )
    return Table(name, grain, tuple(parsed), key, how_to_get)


TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        _table(
            "account",
            "One row per company",
            ("account",),
            "Export the accounts (companies) of the CRM.",
            """
            account id required
            segment text
            industry text
            employees integer
            country text
            region text
            """,
        ),
        _table(
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
        _table(
            "lead",
            "One row per lead",
            ("lead",),
            "Export the leads (or contacts) with the day they were created.",
            """
            lead id required
            person_key id
            account id
            created_at timestamp required observed
            origin text
            channel text
            campaign id
            owner id
            status text
            converted_at timestamp observed
            deal id
            merged_into id
            is_test boolean
            is_deleted boolean
            """,
        ),
        _table(
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
        _table(
            "stage_event",
            "One row per entry of a lead into a stage or status",
            (),
            "Export the stage (status) history of the leads and deals.",
            """
            lead id required
            deal id
            seq integer
            cycle integer
            entered_at timestamp required observed
            from_stage text
            stage text
            status text
            reason text
            by id
            provenance text
            """,
        ),
        _table(
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
        ),
        _table(
            "activity",
            "One row per activity of our people towards a lead, or of a lead towards us",
            ("activity",),
            "Export the tasks, calls, e-mails and meetings of the CRM.",
            """
            activity id
            lead id required
            deal id
            happened_at timestamp required observed
            kind text
            direction text
            outcome text
            by id
            is_automated boolean
            is_connect boolean
            """,
        ),
        _table(
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
        ),
        _table(
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
            is_won boolean
            probability number
            lost_reason text
            competitor text
            product text
            owner id
            """,
        ),
        _table(
            "deal_contact",
            "One row per contact on a deal",
            (),
            "Export the contact roles of the opportunities.",
            """
            deal id required
            lead id
            person_key id
            role text
            is_primary boolean
            added_at timestamp observed
            """,
        ),
        _table(
            "campaign",
            "One row per campaign",
            ("campaign",),
            "Export the campaigns with channel, dates and budget.",
            """
            campaign id required
            name text
            channel text
            started_on date
            ended_on date
            budget number
            planned_leads integer
            objective text
            """,
        ),
        _table(
            "touch",
            "One row per contact of a person or account with a channel",
            ("touch",),
            "Export the touches: visits, form fills, campaign responses, meetings.",
            """
            touch id
            person_key id
            account id
            touched_at timestamp required observed
            channel text
            source text
            medium text
            campaign id
            side text
            cost number
            """,
        ),
        _table(
            "spend",
            "One row per day, channel and campaign that money was spent on",
            (),
            "Export the daily cost of every advertising account.",
            """
            spent_on date required observed
            channel text
            campaign id
            amount number required
            currency text
            impressions integer
            clicks integer
            """,
        ),
        _table(
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
