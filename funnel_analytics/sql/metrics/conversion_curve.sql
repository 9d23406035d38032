-- One row per segment, stage (but the first) and whole day since creation: the leads of a cohort
-- that first were in the stage or a later one on that day, those that were over without it, and
-- those still without either when the data end. `joined_leads` are watched from that day on: leads
-- created before the data can hold entries up to the stage are from the first whole day of their
-- age after it, and those that were through before it are in no count but `unwatched_leads`.
-- params: cohort_start, cohort_end, by, minimum_group_size, folded, as_of
with

sizes as (

    select
        lead_attributes.value,
        count(*) as leads
    from lead_progress
    left join lead_attributes
        on
            lead_progress.lead_no = lead_attributes.lead_no
            and lead_attributes.attribute = $by
    where
        lead_progress.created_at >= $cohort_start
        and lead_progress.created_at < $cohort_end
    group by lead_attributes.value

),

{{ folded_segments() }}

observed as (

    select
        later.position,
        max(earlier.observed_from) as observed_from
    from agreed_stages as later
    inner join agreed_stages as earlier on later.position >= earlier.position
    group by later.position

),

grouped as (

    select
        segments.segment,
        segments.is_folded,
        segments.segment_leads,
        segments.merged_groups,
        lead_progress.created_at,
        lead_ends.ended_at
        {%- for k in stages if k > 1 %},
        lead_progress.reached_{{ k }}
        {%- endfor %}
    from lead_progress
    left join lead_ends on lead_progress.lead_no = lead_ends.lead_no
    left join lead_attributes
        on
            lead_progress.lead_no = lead_attributes.lead_no
            and lead_attributes.attribute = $by
    inner join segments on lead_attributes.value is not distinct from segments.value
    where
        lead_progress.created_at >= $cohort_start
        and lead_progress.created_at < $cohort_end

),

spans as (

    {% for k in stages if k > 1 %}
    select
        grouped.segment,
        grouped.is_folded,
        {{ k }} as position,
        floor(
            {{ double(
                "greatest(0, coalesce("
                ~ seconds_between("grouped.created_at", "observed.observed_from")
                ~ ", 0)) + 86399"
            ) }} / 86400
        ) as first_day,
        floor(
            {{ double(
                "greatest(0, " ~ seconds_between(
                    "grouped.created_at",
                    "coalesce(grouped.reached_" ~ k ~ ", grouped.ended_at, $as_of)"
                ) ~ ")"
            ) }} / 86400
        ) as last_day,
        min(grouped.segment_leads) as segment_leads,
        min(grouped.merged_groups) as merged_groups,
        count(*) as leads,
        count(grouped.reached_{{ k }}) as reached_leads,
        count(case when grouped.reached_{{ k }} is null then grouped.ended_at end)
            as competing_leads
    from grouped
    inner join observed on observed.position = {{ k }}
    group by
        grouped.segment,
        grouped.is_folded,
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
