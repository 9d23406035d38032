-- One row per month, segment and stage with any entry in the period: first recorded entries, leads
-- that had by then got further without one, and entries that were not the lead's first.
-- params: period_start, period_end, by, minimum_group_size, folded
with

entries as (

    select
        lead_no,
        position,
        entered_at
    from stage_entries
    where
        entered_at >= $period_start
        and entered_at < $period_end

),

present as (

    select distinct lead_no
    from entries

),

{{ present_segments() }}

firsts as (

    {% for k in stages %}
    select
        lead_no,
        {{ k }} as position,
        coalesce(entered_{{ k }}, reached_{{ k }}) as counted_at,
        case when entered_{{ k }} is not null then 1 else 0 end as is_entered,
        case when entered_{{ k }} is null then 1 else 0 end as is_imputed,
        0 as is_entry
    from lead_progress
    where
        coalesce(entered_{{ k }}, reached_{{ k }}) >= $period_start
        and coalesce(entered_{{ k }}, reached_{{ k }}) < $period_end
    union all
    {% endfor %}
    select
        lead_no,
        position,
        entered_at as counted_at,
        0 as is_entered,
        0 as is_imputed,
        1 as is_entry
    from entries

),

timed as (

    select
        lead_no,
        position,
        counted_at,
        is_entered,
        is_imputed,
        is_entry,
        floor({{ double(seconds_between("$period_start", "counted_at")) }} / 900) as quarter
    from firsts

),

{{ months_of_quarters() }}

members as (

    select
        present.lead_no,
        segments.segment,
        segments.is_folded,
        segments.segment_leads,
        segments.merged_groups
    from present
    left join lead_attributes
        on
            present.lead_no = lead_attributes.lead_no
            and lead_attributes.attribute = $by
    inner join segments on lead_attributes.value is not distinct from segments.value

)

select
    months.month,
    members.segment,
    members.is_folded,
    timed.position,
    min(members.segment_leads) as segment_leads,
    min(members.merged_groups) as merged_groups,
    sum(timed.is_entered) as entered_leads,
    sum(timed.is_imputed) as imputed_leads,
    sum(timed.is_entry) - sum(timed.is_entered) as repeat_entries
from timed
inner join members on timed.lead_no = members.lead_no
inner join months on timed.quarter = months.quarter
group by
    months.month,
    members.segment,
    members.is_folded,
    timed.position
order by
    months.month,
    members.segment,
    members.is_folded,
    timed.position
