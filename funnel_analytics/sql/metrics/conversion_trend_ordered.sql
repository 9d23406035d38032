-- One row per segment, day of creation and age in whole days: the leads of a cohort that are old
-- enough to be asked, those that had reached one stage, and those of them that reached another
-- (mode: ordered).
-- params: cohort_start, cohort_end, as_of, passes, within_seconds, span_seconds, is_optional,
--   stage, previous, bases, by, minimum_group_size, folded
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

{{ cohort_passes() }}

{{ passes_ordered() }}

{{ passes_within() }}

dated as (

    select
        lead_no,
        created_at,
        created_on,
        floor(
            {{ double("greatest(0, " ~ seconds_between("created_at", "$as_of") ~ ")") }} / 86400
        ) as age_days,
        case $stage
            {% for k in stages if k > 1 %}
            when {{ k }} then is_due_{{ k }}
            {% endfor %}
        end as is_due,
        case $stage
            {% for k in stages if k > 1 %}
            when {{ k }} then is_there_{{ k }}
            {% endfor %}
        end as is_there,
        case $previous
            when 0 then true
            {% for k in stages %}
            when {{ k }} then is_there_{{ k }}
            {% endfor %}
        end as is_previous
    from asked

)

select
    segments.segment,
    segments.is_folded,
    min(segments.merged_groups) as merged_groups,
    min(segments.segment_leads) as segment_leads,
    dated.created_on,
    dated.age_days,
    min(dated.created_at) as first_created_at,
    count(*) as cohort_leads,
    count(case when dated.is_due then 1 end) as entered_leads,
    count(case when dated.is_due and dated.is_previous then 1 end) as previous_leads,
    count(case when dated.is_due and dated.is_previous and dated.is_there then 1 end)
        as reached_leads
from dated
left join lead_attributes
    on
        dated.lead_no = lead_attributes.lead_no
        and lead_attributes.attribute = $by
inner join segments on lead_attributes.value is not distinct from segments.value
group by
    segments.segment,
    segments.is_folded,
    dated.created_on,
    dated.age_days
order by
    segments.segment,
    segments.is_folded,
    dated.created_on,
    dated.age_days
