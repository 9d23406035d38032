"""Entries from dated exports: what changed between two of them, and between which instants."""

from __future__ import annotations

from funnel_analytics.agreement import Agreement
from funnel_analytics.warehouse import Connection, statement

__all__ = ["derive_entries"]


def derive_entries(connection: Connection, agreement: Agreement) -> None:
    """Add a `stage_event` for every change of state that two dated exports show and no history.

    Its `entered_at` is a date of the CRM that lies between both exports (provenance `date_field`),
    or else the middle between them (`snapshot_diff`). Needs the temporary table `resolved`.
    """
    connection.execute(
        statement("sources/snapshot_entries"),
        {"timezone": agreement.timezone, "first_stage": agreement.stage_names[0]},
    )
