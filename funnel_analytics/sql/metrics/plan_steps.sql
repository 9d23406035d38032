-- One row per step (from a stage to a later one: the next, or the last from the first), history
-- or before, outcome and whole days since the stage was reached: the leads that it happened to.
-- Days are counted from $day_zero; outcome 'reached' counts every lead by its age on $last_day.
-- A lead is closed once it is lost or rejected (or its deal lost) after its last entry. One that
-- is won by its status or deal without an entry into the last stage is neither open nor moved.
-- params: day_zero, last_day, history_start
with

deals as (

    select
        leads.lead_no,
        deal.is_won,
        deal.closed_at
    from leads
    inner join deal on leads.deal = deal.deal

),

closings as (

    select
        lead_no,
        closed_at,
        latest_at
    from closures
    where status in ('lost', 'rejected')

),

lost_deals as (

    select
        lead_no,
        closed_at
    from deals
    where
        not is_won
        and closed_at is not null

),

last_entries as (

    select
        lead_no,
        max(entered_at) as last_entered_at
    from stage_entries
    group by lead_no

),

closings_after as (

    select
        closings.lead_no,
        greatest(closings.closed_at, last_entries.last_entered_at) as closed_at
    from closings
    inner join last_entries
        on
            closings.lead_no = last_entries.lead_no
            and closings.latest_at >= last_entries.last_entered_at
    union all
    select
        lost_deals.lead_no,
        greatest(lost_deals.closed_at, last_entries.last_entered_at) as closed_at
    from lost_deals
    inner join last_entries
        on
            lost_deals.lead_no = last_entries.lead_no
            and floor({{ double(seconds_between("$day_zero", "lost_deals.closed_at")) }} / 86400)
            >= floor(
                {{ double(seconds_between("$day_zero", "last_entries.last_entered_at")) }} / 86400
            )

),

final_closings as (

    select
        lead_no,
        min(closed_at) as closed_at
    from closings_after
    group by lead_no

),

days as (

    select
        lead_progress.lead_no,
        lead_progress.created_on >= $history_start as is_in_history,
        case
            when leads.status = 'won' or deals.is_won then 'won'
            when
                final_closings.lead_no is not null or leads.status in ('lost', 'rejected')
                then 'closed'
            else 'open'
        end as outcome,
        {% for k in stages %}
        floor(
            {{ double(seconds_between("$day_zero", "lead_progress.reached_" ~ k)) }} / 86400
        ) as day_{{ k }},
        {% endfor %}
        floor(
            {{ double(seconds_between("$day_zero", "final_closings.closed_at")) }} / 86400
        ) as closed_day
    from lead_progress
    inner join leads on lead_progress.lead_no = leads.lead_no
    left join deals on lead_progress.lead_no = deals.lead_no
    left join final_closings on lead_progress.lead_no = final_closings.lead_no

),

steps as (

    {% for k in stages[:-1] %}
    select
        {{ k }} as from_position,
        {{ k + 1 }} as to_position,
        is_in_history,
        case when day_{{ k + 1 }} is not null then 'moved' else outcome end as outcome,
        day_{{ k }} as reached_day,
        case
            when day_{{ k + 1 }} is not null then day_{{ k + 1 }}
            when outcome = 'closed' then coalesce(closed_day, $last_day)
            else $last_day
        end as end_day
    from days
    where day_{{ k }} is not null
    {% if not loop.last or stages|length > 2 %}
    union all
    {% endif %}
    {% endfor %}
    {% if stages|length > 2 %}
    select
        1 as from_position,
        {{ stages[-1] }} as to_position,
        is_in_history,
        case when day_{{ stages[-1] }} is not null then 'moved' else outcome end as outcome,
        day_1 as reached_day,
        case
            when day_{{ stages[-1] }} is not null then day_{{ stages[-1] }}
            when outcome = 'closed' then coalesce(closed_day, $last_day)
            else $last_day
        end as end_day
    from days
    where day_1 is not null
    {% endif %}

),

outcomes as (

    select
        from_position,
        to_position,
        is_in_history,
        outcome,
        greatest(
            0,
            case when end_day > $last_day then $last_day else end_day end
            - case when reached_day > $last_day then $last_day else reached_day end
        ) as days,
        count(*) as leads
    from steps
    group by
        from_position,
        to_position,
        is_in_history,
        outcome,
        days

),

ages as (

    select
        from_position,
        to_position,
        is_in_history,
        'reached' as outcome,
        greatest(0, $last_day - reached_day) as days,
        count(*) as leads
    from steps
    group by
        from_position,
        to_position,
        is_in_history,
        days

)

select
    from_position,
    to_position,
    is_in_history,
    outcome,
    days,
    leads
from outcomes
union all
select
    from_position,
    to_position,
    is_in_history,
    outcome,
    days,
    leads
from ages
order by
    from_position,
    to_position,
    is_in_history,
    outcome,
    days
