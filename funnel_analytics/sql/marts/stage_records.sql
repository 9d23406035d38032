-- One row per agreed stage: the counted leads with a recorded entry into it, and those that are
-- past it. `is_never_recorded`: leads are past it, and no source ever recorded an entry; the first
-- stage is entered at the creation.
-- params: stage_names
create table stage_records as
with

agreed as (

    select
        unnest($stage_names) as stage,
        generate_subscripts($stage_names, 1) as position

),

entered as (

    {% for k in stages %}
    select
        {{ k }} as position,
        count(entered_{{ k }}) as leads
    from lead_progress
    {%- if not loop.last %}
    union all
    {%- endif %}
    {% endfor %}

),

counted as (

    select
        agreed.position,
        agreed.stage,
        coalesce(entered.leads, 0) as recorded_leads,
        (
            select count(*)
            from lead_progress
            where lead_progress.furthest > agreed.position
        ) as later_leads
    from agreed
    left join entered on agreed.position = entered.position

)

select
    position,
    stage,
    recorded_leads,
    later_leads,
    recorded_leads = 0 and later_leads > 0 as is_never_recorded
from counted
order by position
