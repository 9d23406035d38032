-- One row per entry of a counted lead into an agreed stage, each instant once; a lead without a
-- recorded entry into the first stage has one added at its creation. `earliest_at` and `latest_at`
-- are the first and the last instant that the stamp can mean: those of a day where only the day is
-- known, the bounds of an entry that was found by comparing dated exports (`is_snapshot`; its
-- `entered_at` is an estimate), else the stamp itself.
-- params: timezone, stage_names
create table stage_entries as
with

recorded as (

    select
        lead_no,
        cast(list_position($stage_names, stage) as integer) as position,
        entered_at,
        bool_or(is_day_precision) as is_day_precision,
        bool_and(is_snapshot) as is_snapshot,
        max(case when is_snapshot then entered_after end) as entered_after,
        min(case when is_snapshot then entered_before end) as entered_before,
        case
            when bool_and(is_snapshot) then 'snapshot_diff'
            else min(case when not is_snapshot then provenance end)
        end as provenance,
        min(cycle) as cycle,
        min(reason) as reason
    from lead_events
    where stage is not null
    group by
        lead_no,
        position,
        entered_at

),

entries as (

    select
        lead_no,
        position,
        entered_at,
        is_day_precision,
        is_snapshot,
        entered_after,
        entered_before,
        provenance,
        cycle,
        reason,
        false as is_added
    from recorded
    union all
    select
        leads.lead_no,
        1 as position,
        leads.created_at as entered_at,
        leads.is_day_precision,
        false as is_snapshot,
        null as entered_after,
        null as entered_before,
        null as provenance,
        null as cycle,
        null as reason,
        true as is_added
    from leads
    where
        leads.lead_no not in (
            select recorded.lead_no from recorded
            where recorded.position = 1
        )

),

local_entries as (

    select
        *,
        timezone($timezone, timezone('UTC', entered_at)) as local_at
    from entries

)

select
    lead_no,
    position,
    entered_at,
    case
        when is_snapshot then least(entered_after, entered_at)
        else entered_at
    end as earliest_at,
    case
        when is_snapshot then greatest(entered_before, entered_at)
        when is_day_precision
            then {{ end_of_day('entered_at') }}
        else entered_at
    end as latest_at,
    is_day_precision,
    is_snapshot,
    provenance,
    cycle,
    reason,
    is_added
from local_entries
order by position, lead_no, entered_at
