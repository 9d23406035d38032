-- One row per segment, month of creation and whole day of age: the leads of a cohort that had
-- reached a stage or a later one, those that were over without it, and those still open.
-- `is_early`: created before the data can hold entries up to the stage. The segments are those of
-- all leads of a longer span, as their curve is.
-- params: cohort_start, cohort_end, first, after, position, by, minimum_group_size, folded, as_of
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

    select max(observed_from) as observed_from
    from agreed_stages
    where position <= $position

),

chosen as (

    select
        segments.segment,
        segments.is_folded,
        segments.segment_leads,
        segments.merged_groups,
        lead_progress.created_at,
        calendar_months.month,
        lead_ends.ended_at,
        case $position
            {% for k in stages %}
            when {{ k }} then lead_progress.reached_{{ k }}
            {% endfor %}
        end as reached_at,
        coalesce(lead_progress.created_at < observed.observed_from, false) as is_early
    from lead_progress
    cross join observed
    inner join calendar_months
        on
            lead_progress.created_at >= calendar_months.starts_at
            and lead_progress.created_at < calendar_months.ends_at
    left join lead_ends on lead_progress.lead_no = lead_ends.lead_no
    left join lead_attributes
        on
            lead_progress.lead_no = lead_attributes.lead_no
            and lead_attributes.attribute = $by
    inner join segments on lead_attributes.value is not distinct from segments.value
    where
        lead_progress.created_at >= $first
        and lead_progress.created_at < $after

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
