-- One row per segment, stage in which leads of a cohort began, whether they are old enough to be
-- judged, and whole day until they were won, over, or last seen open. A lead began in the stage
-- that its first recorded entry was into, if that was made at its creation (within an hour; on the
-- same day, where only the day of the creation is known) and is not the last; else in the first.
-- `unrecorded_leads`: no such entry of them is recorded. `first_position`: the stage of the first
-- recorded entry, whenever it was made.
-- params: cohort_start, cohort_end, by, minimum_group_size, folded, as_of, mature_days
with

{{ cohort_segments() }}

placed as (

    select
        lead_no,
        position,
        earliest_at,
        row_number() over (
            partition by lead_no
            order by
                earliest_at,
                position
        ) as place
    from stage_entries
    where not is_added

),

members as (

    select
        leads.lead_no,
        leads.created_at,
        lead_progress.reached_{{ stages[-1] }} as won_at,
        lead_ends.ended_at,
        placed.position as first_position,
        case
            when
                placed.position < {{ stages[-1] }}
                and {{ seconds_between("leads.created_at", "placed.earliest_at") }}
                <= case when leads.is_day_precision then 86399 else 3600 end
                then placed.position
        end as recorded_position,
        {{ double(
            "greatest(0, " ~ seconds_between("leads.created_at", "$as_of") ~ ")"
        ) }} / 86400 >= $mature_days as is_mature,
        {{ double(
            "greatest(0, " ~ seconds_between(
                "leads.created_at",
                "coalesce(lead_progress.reached_" ~ stages[-1] ~ ", lead_ends.ended_at, $as_of)"
            ) ~ ")"
        ) }} / 86400 as days
    from leads
    inner join lead_progress on leads.lead_no = lead_progress.lead_no
    left join lead_ends on leads.lead_no = lead_ends.lead_no
    left join placed
        on
            leads.lead_no = placed.lead_no
            and placed.place = 1
    where
        leads.created_at >= $cohort_start
        and leads.created_at < $cohort_end

)

select
    segments.segment,
    segments.is_folded,
    coalesce(members.recorded_position, 1) as position,
    members.first_position,
    coalesce(members.is_mature, false) as is_mature,
    floor(members.days) as day,
    min(segments.segment_leads) as segment_leads,
    min(segments.merged_groups) as merged_groups,
    min(members.created_at) as first_created_at,
    count(*) as leads,
    count(*) - count(members.recorded_position) as unrecorded_leads,
    count(members.won_at) as won_leads,
    count(case when members.won_at is null then members.ended_at end) as ended_leads
from members
left join lead_attributes
    on
        members.lead_no = lead_attributes.lead_no
        and lead_attributes.attribute = $by
inner join segments on lead_attributes.value is not distinct from segments.value
group by
    segments.segment,
    segments.is_folded,
    coalesce(members.recorded_position, 1),
    members.first_position,
    coalesce(members.is_mature, false),
    floor(members.days)
order by
    segments.segment,
    segments.is_folded,
    position,
    members.first_position,
    is_mature,
    day
