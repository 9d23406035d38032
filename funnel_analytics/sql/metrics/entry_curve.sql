-- One row per stage (but the first) and age in whole units since creation: the leads of all cohorts
-- that first were in the stage or a later one at that age, and those that had not been when the
-- data end. Leads older than the first day for which the data can hold the entries are left out.
-- params: as_of, unit_seconds
with

{{ observed_stages() }}

aged as (

    {% for k in stages if k > 1 %}
    select
        {{ k }} as position,
        floor(
            {{ double(
                "greatest(0, " ~ seconds_between(
                    "lead_progress.created_at", "coalesce(lead_progress.reached_" ~ k ~ ", $as_of)"
                ) ~ ")"
            ) }} / $unit_seconds
        ) as age,
        count(lead_progress.reached_{{ k }}) as entered_leads,
        count(*) - count(lead_progress.reached_{{ k }}) as waiting_leads
    from lead_progress
    inner join observed
        on
            lead_progress.created_at >= observed.observed_from
            or observed.observed_from is null
    where observed.position = {{ k }}
    group by age
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}

)

select
    position,
    age,
    entered_leads,
    waiting_leads
from aged
order by position, age
