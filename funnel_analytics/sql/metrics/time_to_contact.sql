-- One row per segment, leg, origin, outcome and waiting time: leads of the cohort with it. Waiting
-- times are whole seconds, on the agreed working-hours clock and on the calendar; they are missing
-- for the outcomes that cannot be timed (`before_creation`, `day_precision`). Segments smaller than
-- the smallest group that may be shown are one segment, `merged_groups` of them.
-- params: cohort_start, cohort_end, by, minimum_group_size, folded, as_of, with_handovers
with

members as (

    select
        leads.lead_no,
        leads.created_at,
        leads.is_day_precision,
        leads.origin,
        lead_attributes.value
    from leads
    left join lead_attributes
        on
            leads.lead_no = lead_attributes.lead_no
            and lead_attributes.attribute = $by
    where
        leads.created_at >= $cohort_start
        and leads.created_at < $cohort_end

),

sizes as (

    select
        value,
        count(*) as leads
    from members
    group by value

),

{{ folded_segments() }}

cohort as (

    select
        members.lead_no,
        members.created_at,
        members.is_day_precision,
        members.origin,
        segments.segment,
        segments.is_folded,
        segments.merged_groups
    from members
    inner join segments on members.value is not distinct from segments.value

),

first_handovers as (

    select
        lead_no,
        handed_at,
        handed_by_at,
        is_day_precision
    from handovers
    where handover_no = 1

),

closed_leads as (

    select distinct lead_no from closures

),

-- What happened first to each lead; a contact of which only the day is known counts at its end.
firsts as (

    select
        cohort.lead_no,
        cohort.created_at,
        cohort.is_day_precision,
        case
            when contacts.contacted_by_at > $as_of then $as_of
            when contacts.contacted_by_at <= $as_of then contacts.contacted_by_at
        end as contacted_at,
        coalesce(contacts.is_before_creation, false) as is_contact_early,
        first_handovers.handed_at,
        case
            when first_handovers.handed_by_at > $as_of then $as_of
            when first_handovers.handed_by_at <= $as_of then first_handovers.handed_by_at
        end as handed_by_at,
        coalesce(first_handovers.is_day_precision, false) as is_handed_on_day,
        coalesce(first_handovers.handed_by_at < cohort.created_at, false) as is_handed_early,
        coalesce(contacts.contacted_by_at < first_handovers.handed_at, false)
            as is_contacted_before_handover,
        contacts.lead_no is not null or closed_leads.lead_no is not null as is_settled
    from cohort
    left join contacts on cohort.lead_no = contacts.lead_no
    left join first_handovers on cohort.lead_no = first_handovers.lead_no
    left join closed_leads on cohort.lead_no = closed_leads.lead_no

),

legs as (

    select
        lead_no,
        'created_to_assigned' as leg,
        created_at as starts_at,
        is_day_precision as is_start_on_day,
        handed_by_at as happened_at,
        is_handed_early as is_early
    from firsts
    where
        $with_handovers
        and (
            (handed_at is null and not is_settled)
            or (handed_at is not null and (is_handed_early or not is_contacted_before_handover))
        )
    union all
    select
        lead_no,
        'assigned_to_contacted' as leg,
        handed_at as starts_at,
        is_handed_on_day as is_start_on_day,
        contacted_at as happened_at,
        is_contact_early or is_handed_early as is_early
    from firsts
    where
        handed_at is not null
        and (is_contact_early or not is_contacted_before_handover)
    union all
    select
        lead_no,
        'wait' as leg,
        created_at as starts_at,
        is_day_precision as is_start_on_day,
        contacted_at as happened_at,
        is_contact_early as is_early
    from firsts
    where
        handed_at is null
        or is_handed_early
        or is_contacted_before_handover
    union all
    select
        lead_no,
        'wait' as leg,
        handed_at as starts_at,
        is_handed_on_day as is_start_on_day,
        contacted_at as happened_at,
        is_contact_early as is_early
    from firsts
    where
        handed_at is not null
        and not is_handed_early
        and not is_contacted_before_handover

),

outcomes as (

    select
        lead_no,
        leg,
        case
            when is_early then 'before_creation'
            when is_start_on_day then 'day_precision'
            when happened_at is null then 'waiting'
            when happened_at is not null then 'contacted'
        end as outcome,
        starts_at,
        coalesce(happened_at, $as_of) as ends_at
    from legs

),

timed as (

    select
        lead_no,
        leg,
        starts_at,
        ends_at
    from outcomes
    where outcome in ('waiting', 'contacted')

),

instants as (

    select starts_at as instant_at from timed
    union
    select ends_at as instant_at from timed

),

worked as (

    select
        instants.instant_at,
        working_time.worked_seconds_before
        + {{ seconds_between('working_time.opened_at',
            'least(instants.instant_at, working_time.closed_at)') }} as worked_seconds
    from instants
    left join working_time
        on
            instants.instant_at >= working_time.opened_at
            and instants.instant_at < working_time.until_at

),

waits as (

    select
        timed.lead_no,
        timed.leg,
        until_end.worked_seconds - until_start.worked_seconds as working_seconds,
        {{ seconds_between('timed.starts_at', 'timed.ends_at') }} as elapsed_seconds
    from timed
    inner join worked as until_start on timed.starts_at = until_start.instant_at
    inner join worked as until_end on timed.ends_at = until_end.instant_at

)

select
    cohort.segment,
    cohort.is_folded,
    cohort.merged_groups,
    outcomes.leg,
    cohort.origin,
    outcomes.outcome,
    waits.working_seconds,
    waits.elapsed_seconds,
    count(*) as leads
from outcomes
inner join cohort on outcomes.lead_no = cohort.lead_no
left join waits
    on
        outcomes.lead_no = waits.lead_no
        and outcomes.leg = waits.leg
group by
    cohort.segment,
    cohort.is_folded,
    cohort.merged_groups,
    outcomes.leg,
    cohort.origin,
    outcomes.outcome,
    waits.working_seconds,
    waits.elapsed_seconds
order by
    cohort.segment,
    outcomes.leg,
    cohort.origin,
    outcomes.outcome,
    waits.working_seconds,
    waits.elapsed_seconds
