-- One row per combination of what is told of leads: what became of each up to its first contact
-- (`fate`), and of those that can be compared (`compared`) where they come from, how long they
-- waited in seconds of working time since `started_at`, and how many seconds later they were in the
-- stage asked for (missing: not yet) and the data end (`followed_seconds`). Those seconds run from
-- the contact, or from the entry into the stage that all of them had reached, if that came later.
-- `is_asked`: created in the cohort. Only the day of a step being known, it counts at the end.
-- params: cohort_start, cohort_end, among, finish, by_owner, as_of, with_handovers
with

cohort as (

    select
        lead_no,
        created_at,
        is_day_precision
    from leads

),

{{ contact_waits() }}

closed as (

    select
        lead_no,
        min(latest_at) as closed_at
    from closures
    group by lead_no

),

observed as (

    select max(observed_from) as observed_from
    from agreed_stages
    where position <= $finish

),

-- A stage is reached with the first entry into it or a later one.
steps as (

    select
        lead_no,
        furthest >= $among as is_among,
        case $among
            {% for k in stages %}
            when {{ k }} then latest_{{ k }}
            {% endfor %}
        end as begun_at,
        least(
            {% for k in stages %}
            case when $finish <= {{ k }} then latest_{{ k }} end
            {%- if not loop.last %},{% endif %}
            {% endfor %}
        ) as reached_at
    from lead_progress

),

waited as (

    select
        outcomes.lead_no,
        outcomes.outcome,
        outcomes.starts_at,
        outcomes.ends_at as contacted_at,
        waits.working_seconds,
        coalesce(steps.is_among, false) as is_among,
        steps.reached_at,
        closed.closed_at,
        coalesce(outcomes.ends_at < observed.observed_from, false) as is_unobserved,
        case
            when
                steps.begun_at > outcomes.ends_at
                and coalesce(steps.begun_at <= steps.reached_at, true)
                then steps.begun_at
            else outcomes.ends_at
        end as followed_from
    from outcomes
    cross join observed
    left join waits
        on
            outcomes.lead_no = waits.lead_no
            and outcomes.leg = waits.leg
    left join steps on outcomes.lead_no = steps.lead_no
    left join closed on outcomes.lead_no = closed.lead_no
    where outcomes.leg = 'wait'

),

-- A lead has one wait. DuckDB 2.0 fails on eight cores if texts are joined to a union without a
-- grouping between ("dict-surviving cache").
fates as (

    select
        lead_no,
        case
            when outcome = 'waiting' then 'never_contacted'
            when outcome <> 'contacted' then outcome
            when not is_among then 'not_among'
            when reached_at < contacted_at then 'reached_before'
            when closed_at < contacted_at then 'closed_before'
            when is_unobserved then 'unobserved'
            when outcome = 'contacted' then 'compared'
        end as fate,
        reached_at is not null as is_reached,
        starts_at,
        working_seconds,
        followed_from,
        reached_at
    from waited
    group by
        lead_no,
        outcome,
        is_among,
        starts_at,
        contacted_at,
        working_seconds,
        followed_from,
        reached_at,
        closed_at,
        is_unobserved

),

told as (

    select
        fates.fate,
        leads.created_at >= $cohort_start and leads.created_at < $cohort_end as is_asked,
        fates.is_reached,
        case when fates.fate = 'compared' then leads.origin end as origin,
        case when fates.fate = 'compared' then segments.value end as segment,
        case when fates.fate = 'compared' then leads.priority end as priority,
        case when fates.fate = 'compared' then leads.score end as score,
        case when fates.fate = 'compared' then quarters.value end as created_quarter,
        case
            when fates.fate = 'compared' and $by_owner and leads.owner is not null
                then dense_rank() over (order by leads.owner asc)
        end as owner_no,
        case when fates.fate = 'compared' then fates.starts_at end as started_at,
        case when fates.fate = 'compared' then fates.working_seconds end as working_seconds,
        case
            when fates.fate = 'compared'
                then {{ seconds_between('fates.followed_from', 'fates.reached_at') }}
        end as reached_seconds,
        case
            when fates.fate = 'compared'
                then {{ seconds_between('fates.followed_from', '$as_of') }}
        end as followed_seconds
    from fates
    inner join leads on fates.lead_no = leads.lead_no
    left join lead_attributes as segments
        on
            fates.lead_no = segments.lead_no
            and segments.attribute = 'segment'
    left join lead_attributes as quarters
        on
            fates.lead_no = quarters.lead_no
            and quarters.attribute = 'created_quarter'

)

select
    fate,
    is_asked,
    is_reached,
    origin,
    segment,
    priority,
    score,
    created_quarter,
    owner_no,
    started_at,
    working_seconds,
    reached_seconds,
    followed_seconds,
    count(*) as leads
from told
group by
    fate,
    is_asked,
    is_reached,
    origin,
    segment,
    priority,
    score,
    created_quarter,
    owner_no,
    started_at,
    working_seconds,
    reached_seconds,
    followed_seconds
order by
    fate,
    is_asked,
    is_reached,
    started_at,
    working_seconds,
    followed_seconds,
    reached_seconds,
    origin,
    segment,
    priority,
    score,
    created_quarter,
    owner_no
