-- One row per segment, stage (but the first) and whole day since creation: the leads of a cohort
-- that first were in the stage or a later one on that day, those that were over without it, and
-- those still without either when the data end. `joined_leads` are watched from that day on: leads
-- created before the data can hold entries up to the stage are from the first whole day of their
-- age after it, and those that were through before it are in no count but `unwatched_leads`.
-- params: cohort_start, cohort_end, by, minimum_group_size, folded, as_of
with

{{ cohort_segments() }}

{{ observed_stages() }}

{{ segmented_leads() }}

spans as (

    {% for k in stages if k > 1 %}
    select
        segmented.segment,
        segmented.is_folded,
        {{ k }} as position,
        floor(
            {{ double(
                "greatest(0, coalesce("
                ~ seconds_between("segmented.created_at", "observed.observed_from")
                ~ ", 0)) + 86399"
            ) }} / 86400
        ) as first_day,
        floor(
            {{ double(
                "greatest(0, " ~ seconds_between(
                    "segmented.created_at",
                    "coalesce(segmented.reached_" ~ k ~ ", segmented.ended_at, $as_of)"
                ) ~ ")"
            ) }} / 86400
        ) as last_day,
        min(segmented.segment_leads) as segment_leads,
        min(segmented.merged_groups) as merged_groups,
        count(*) as leads,
        count(segmented.reached_{{ k }}) as reached_leads,
        count(case when segmented.reached_{{ k }} is null then segmented.ended_at end)
            as competing_leads
    from segmented
    inner join observed on observed.position = {{ k }}
    group by
        segmented.segment,
        segmented.is_folded,
        first_day,
        last_day
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}

),

days as (

    select
        segment,
        is_folded,
        position,
        last_day as day,
        segment_leads,
        merged_groups,
        0 as joined_leads,
        case when first_day <= last_day then reached_leads else 0 end as reached_leads,
        case when first_day <= last_day then competing_leads else 0 end as competing_leads,
        case when first_day <= last_day then leads - reached_leads - competing_leads else 0 end
            as censored_leads,
        case when first_day > last_day then leads else 0 end as unwatched_leads
    from spans
    union all
    select
        segment,
        is_folded,
        position,
        first_day as day,
        segment_leads,
        merged_groups,
        leads as joined_leads,
        0 as reached_leads,
        0 as competing_leads,
        0 as censored_leads,
        0 as unwatched_leads
    from spans
    where first_day <= last_day

)

select
    segment,
    is_folded,
    position,
    day,
    min(segment_leads) as segment_leads,
    min(merged_groups) as merged_groups,
    sum(joined_leads) as joined_leads,
    sum(reached_leads) as reached_leads,
    sum(competing_leads) as competing_leads,
    sum(censored_leads) as censored_leads,
    sum(unwatched_leads) as unwatched_leads
from days
group by
    segment,
    is_folded,
    position,
    day
order by
    segment,
    is_folded,
    position,
    day
