-- One row per entry of a counted lead into an agreed stage, each instant once; a lead without a
-- recorded entry into the first stage has one added at its creation. `earliest_at` and `latest_at`
-- are the first and the last instant that the stamp can mean: those of a day where only the day is
-- known, the bounds of an entry that was found by comparing dated exports (`is_snapshot`; its
-- `entered_at` is an estimate), else the stamp itself.
-- params: timezone
create table stage_entries as
with

-- Instants that a lead has several records of. They are few, and only they are gathered.
repeated as (

    select
        lead_no,
        position,
        entered_at
    from lead_events
    where position is not null
    group by
        lead_no,
        position,
        entered_at
    having count(*) > 1

),

recorded as (

    select
        lead_events.lead_no,
        lead_events.position,
        lead_events.entered_at,
        lead_events.is_day_precision,
        lead_events.is_snapshot,
        lead_events.entered_after,
        lead_events.entered_before,
        lead_events.provenance
    from lead_events
    left join repeated
        on
            lead_events.lead_no = repeated.lead_no
            and lead_events.position = repeated.position
            and lead_events.entered_at is not distinct from repeated.entered_at
    where
        lead_events.position is not null
        and repeated.lead_no is null
    union all
    select
        lead_events.lead_no,
        lead_events.position,
        lead_events.entered_at,
        bool_or(lead_events.is_day_precision) as is_day_precision,
        bool_and(lead_events.is_snapshot) as is_snapshot,
        max(case when lead_events.is_snapshot then lead_events.entered_after end) as entered_after,
        min(case when lead_events.is_snapshot then lead_events.entered_before end)
            as entered_before,
        case
            when bool_and(lead_events.is_snapshot) then 'snapshot_diff'
            else min(case when not lead_events.is_snapshot then lead_events.provenance end)
        end as provenance
    from lead_events
    inner join repeated
        on
            lead_events.lead_no = repeated.lead_no
            and lead_events.position = repeated.position
            and lead_events.entered_at is not distinct from repeated.entered_at
    group by
        lead_events.lead_no,
        lead_events.position,
        lead_events.entered_at

),

first_entries as (

    select distinct lead_no
    from lead_events
    where position = 1

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
        true as is_added
    from leads
    left join first_entries on leads.lead_no = first_entries.lead_no
    where first_entries.lead_no is null

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
    is_added
from entries
order by position, lead_no, entered_at
