-- One row per segment, month of creation and whole day of age: the leads of a cohort that had
-- reached a stage or a later one, those that were over without it, and those still open.
-- `is_early`: created before the data can hold entries up to the stage. The segments are those of
-- all leads of a longer span, as their curve is.
-- params: cohort_start, cohort_end, first, after, position, by, minimum_group_size, folded, as_of
with

{{ cohort_segments() }}

observed as (

    select max(observed_from) as observed_from
    from agreed_stages
    where position <= $position

),

{{ segmented_leads() }}

chosen as (

    select
        segmented.segment,
        segmented.is_folded,
        segmented.segment_leads,
        segmented.merged_groups,
        segmented.created_at,
        calendar_months.month,
        segmented.ended_at,
        case $position
            {% for k in stages %}
            when {{ k }} then segmented.reached_{{ k }}
            {% endfor %}
        end as reached_at,
        coalesce(segmented.created_at < observed.observed_from, false) as is_early
    from segmented
    cross join observed
    inner join calendar_months
        on
            segmented.created_at >= calendar_months.starts_at
            and segmented.created_at < calendar_months.ends_at
    where
        segmented.created_at >= $first
        and segmented.created_at < $after

)

select
    segment,
    is_folded,
    month,
    floor(
        {{ double(
            "greatest(0, " ~ seconds_between("created_at", "$as_of") ~ ")"
        ) }} / 86400
    ) as age_days,
    is_early,
    min(segment_leads) as segment_leads,
    min(merged_groups) as merged_groups,
    count(*) as leads,
    count(reached_at) as reached_leads,
    count(case when reached_at is null then ended_at end) as competing_leads
from chosen
group by
    segment,
    is_folded,
    month,
    age_days,
    is_early
order by
    segment,
    is_folded,
    month,
    age_days,
    is_early
