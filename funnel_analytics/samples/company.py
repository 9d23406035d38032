"""Writes the sample company: its export files, its agreement and the true answers."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import numpy as np

from funnel_analytics.errors import CallError
from funnel_analytics.samples import parameters as p
from funnel_analytics.samples.campaigns import campaign_columns, first_channels, spend_columns
from funnel_analytics.samples.crm import file_leads, handovers, stage_history
from funnel_analytics.samples.deals import (
    contact_columns,
    deal_columns,
    make_buying_group,
    make_deals,
)
from funnel_analytics.samples.draws import Draws
from funnel_analytics.samples.exports import Columns, write_file
from funnel_analytics.samples.journeys import arrive, live
from funnel_analytics.samples.sales_files import (
    account_columns,
    activity_columns,
    answer_columns,
    lead_columns,
    user_columns,
)
from funnel_analytics.samples.targets import target_columns
from funnel_analytics.samples.touches import touch_columns
from funnel_analytics.samples.truth import true_answers

_ISO_FILES = ("campaigns.csv", "touches.csv", "spend.csv", "targets.csv")


def write_sample(
    directory: Path | str, *, leads: int = 5000, seed: int = 1, effects: bool = True
) -> Path:
    """What would the exports of a company look like whose true answers are known?

    Writes the exports of the invented Beispiel Maschinenbau GmbH for 24 months, up to
    1 November 2026: nine files of its sales CRM, three of its marketing, the targets of both,
    `agreement.toml`, and `truth.json` with every parameter that generated them. The same `leads`
    and `seed` give the same bytes. Files of these names are overwritten, others stay.

    Parameters
    ----------
    directory
        Where to write; created if it is missing.
    leads
        How many lead ids there are, at least 1. Spend, budgets and targets grow with them.
    seed
        Which of the possible histories to write, at least 0.
    effects
        Without them no origin, segment, month or speed of contact changes the chances of a lead
        or its delays: what an analysis finds there is chance.

    Returns
    -------
    Path
        The directory.

    Raises
    ------
    CallError
        `leads` or `seed` is too small, or `directory` is a file.
    """
    folder = Path(directory)
    if leads < 1:
        raise CallError(f"A sample needs at least 1 lead; {leads} were asked for.")
    if seed < 0:
        raise CallError(f"The seed must be 0 or more; it was {seed}.")
    if folder.exists() and not folder.is_dir():
        raise CallError(f"{folder} is a file. Name a folder for the sample.")
    folder.mkdir(parents=True, exist_ok=True)

    company = arrive(leads, seed)
    crm = file_leads(company, live(company, seed, effects=effects), seed)
    channel = first_channels(company, seed)
    deals = make_deals(crm)
    group = make_buying_group(crm, deals)
    scale = leads / 5000
    history, skipped = stage_history(crm)
    answers, rule_broken = answer_columns(crm)
    rows, duplicates = {}, {}

    def write(name: str, columns: Columns) -> None:
        count = len(next(iter(columns.values())))
        among = np.ones(count, dtype=bool)
        if name == "leads.csv":
            among = company.is_counted
        wanted = round(count * p.DUPLICATE_ROWS.get(name, 0.0))
        repeated = Draws(seed, f"duplicates {name}").some(among, wanted)
        if len(repeated):
            duplicates[name] = len(repeated)
        delimiter = "," if name in _ISO_FILES else ";"
        rows[name] = write_file(folder / name, columns, delimiter=delimiter, repeated=repeated)

    write("leads.csv", lead_columns(crm, channel, effects=effects))
    write("accounts.csv", account_columns(crm))
    write("users.csv", user_columns())
    write("stage_history.csv", history)
    write("activities.csv", activity_columns(crm))
    write("handovers.csv", handovers(crm))
    write("qualification.csv", answers)
    write("deals.csv", deal_columns(crm, deals))
    write("deal_contacts.csv", contact_columns(crm, group))
    write("campaigns.csv", campaign_columns(scale))
    write("touches.csv", touch_columns(crm, group, channel))
    write("spend.csv", spend_columns(scale, seed))
    write("targets.csv", target_columns(leads, seed))
    truth = true_answers(
        crm,
        deals,
        channel,
        rows=rows,
        duplicates=duplicates,
        skipped=skipped,
        rule_broken=rule_broken,
        effects=effects,
    )
    text = json.dumps(truth, indent=2, ensure_ascii=False) + "\n"
    (folder / "truth.json").write_bytes(text.encode())
    presets = files("funnel_analytics").joinpath("sources", "presets")
    agreement = presets.joinpath("sample.agreement.toml").read_text(encoding="utf-8")
    (folder / "agreement.toml").write_bytes(agreement.encode())
    return folder
