-- One row per segment and whole hour since leads of a cohort entered a stage: those that then were
-- in a later one (or beyond it), those that were over without it, and those still open when the
-- data end. `joined_leads` are watched from that hour on (later than 0 where the data begin later);
-- those through before that are `unwatched_…` as well as in the counts of all.
-- params: cohort_start, cohort_end, start, finish, by, minimum_group_size, folded, as_of
with

{{ cohort_segments() }}

observed as (

    select max(observed_from) as observed_from
    from agreed_stages
    where position <= $finish

),

chosen as (

    select
        lead_no,
        case $start
            {% for k in stages %}
            when {{ k }} then entered_{{ k }}
            {% endfor %}
        end as started_at,
        case $finish
            {% for k in stages %}
            when {{ k }} then reached_{{ k }}
            {% endfor %}
        end as reached_at
    from lead_progress
    where
        created_at >= $cohort_start
        and created_at < $cohort_end

),

spans as (

    select
        segments.segment,
        segments.is_folded,
        floor(
            {{ double(
                "greatest(0, coalesce("
                ~ seconds_between("chosen.started_at", "observed.observed_from")
                ~ ", 0)) + 3599"
            ) }} / 3600
        ) as first_hour,
        floor(
            {{ double(
                "greatest(0, " ~ seconds_between(
                    "chosen.started_at",
                    "coalesce(chosen.reached_at, lead_ends.ended_at, $as_of)"
                ) ~ ")"
            ) }} / 3600
        ) as last_hour,
        min(segments.segment_leads) as segment_leads,
        min(segments.merged_groups) as merged_groups,
        count(*) as leads,
        count(chosen.reached_at) as reached_leads,
        count(case when chosen.reached_at is null then lead_ends.ended_at end) as ended_leads
    from chosen
    cross join observed
    left join lead_ends on chosen.lead_no = lead_ends.lead_no
    left join lead_attributes
        on
            chosen.lead_no = lead_attributes.lead_no
            and lead_attributes.attribute = $by
    inner join segments on lead_attributes.value is not distinct from segments.value
    where chosen.started_at is not null
    group by
        segments.segment,
        segments.is_folded,
        first_hour,
        last_hour

),

hours as (

    select
        segment,
        is_folded,
        last_hour as hour,
        segment_leads,
        merged_groups,
        0 as joined_leads,
        leads,
        reached_leads,
        ended_leads,
        case when first_hour > last_hour then leads else 0 end as unwatched_leads,
        case when first_hour > last_hour then reached_leads else 0 end as unwatched_reached_leads,
        case when first_hour > last_hour then ended_leads else 0 end as unwatched_ended_leads
    from spans
    union all
    select
        segment,
        is_folded,
        first_hour as hour,
        segment_leads,
        merged_groups,
        leads as joined_leads,
        0 as leads,
        0 as reached_leads,
        0 as ended_leads,
        0 as unwatched_leads,
        0 as unwatched_reached_leads,
        0 as unwatched_ended_leads
    from spans
    where first_hour <= last_hour

)

select
    segment,
    is_folded,
    hour,
    min(segment_leads) as segment_leads,
    min(merged_groups) as merged_groups,
    sum(joined_leads) as joined_leads,
    sum(leads) as started_leads,
    sum(reached_leads) as reached_leads,
    sum(ended_leads) as ended_leads,
    sum(unwatched_leads) as unwatched_leads,
    sum(unwatched_reached_leads) as unwatched_reached_leads,
    sum(unwatched_ended_leads) as unwatched_ended_leads
from hours
group by
    segment,
    is_folded,
    hour
order by
    segment,
    is_folded,
    hour
