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

sizes as (

    select
        lead_attributes.value,
        count(*) as leads
    from present
    left join lead_attributes
        on
            present.lead_no = lead_attributes.lead_no
            and lead_attributes.attribute = $by
    group by lead_attributes.value

),

{{ folded_segments() }}

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

),

firsts as (

    {% for k in stages %}
    select
        lead_no,
        {{ k }} as position,
        coalesce(entered_{{ k }}, reached_{{ k }}) as happened_at,
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
        entered_at as happened_at,
        0 as is_entered,
        0 as is_imputed,
        1 as is_entry
    from entries

)

select
    calendar_months.month,
    members.segment,
    members.is_folded,
    firsts.position,
    min(members.segment_leads) as segment_leads,
    min(members.merged_groups) as merged_groups,
    sum(firsts.is_entered) as entered_leads,
    sum(firsts.is_imputed) as imputed_leads,
    sum(firsts.is_entry) - sum(firsts.is_entered) as repeat_entries
from firsts
inner join members on firsts.lead_no = members.lead_no
inner join calendar_months
    on
        firsts.happened_at >= calendar_months.starts_at
        and firsts.happened_at < calendar_months.ends_at
group by
    calendar_months.month,
    members.segment,
    members.is_folded,
    firsts.position
order by
    calendar_months.month,
    members.segment,
    members.is_folded,
    firsts.position
