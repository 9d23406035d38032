-- One row per month, segment, stage, way in and way out: the stays of leads in agreed stages, begun
-- in the period, or (`$by_creation`) made by the leads created in it. `month` is that of the entry,
-- or of the creation. `came_from` is the state before the stay ('created', 'stage' or
-- a closing), `left_to` what ended it (missing: nothing yet), `next_position` the stage after it.
-- params: period_start, period_end, by_creation, by, minimum_group_size, folded
with

asked as (

    select
        stage_stays.lead_no,
        stage_stays.stay_no,
        stage_stays.position,
        stage_stays.left_to,
        stage_stays.next_position,
        case when $by_creation then leads.created_at else stage_stays.entered_at end
            as counted_at
    from stage_stays
    inner join leads on stage_stays.lead_no = leads.lead_no

),

stays as (

    select *
    from asked
    where
        counted_at >= $period_start
        and counted_at < $period_end

),

present as (

    select distinct lead_no
    from stays

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

returns as (

    select
        lead_no,
        stay_no + 1 as stay_no,
        status
    from lead_closings
    where is_last

),

counted as (

    select
        calendar_months.month,
        stays.lead_no,
        stays.position,
        case
            when returns.status is not null then returns.status
            when stays.stay_no = 1 then 'created'
            when stays.stay_no > 1 then 'stage'
        end as came_from,
        stays.left_to,
        stays.next_position
    from stays
    inner join calendar_months
        on
            stays.counted_at >= calendar_months.starts_at
            and stays.counted_at < calendar_months.ends_at
    left join returns
        on
            stays.lead_no = returns.lead_no
            and stays.stay_no = returns.stay_no

)

select
    counted.month,
    segments.segment,
    segments.is_folded,
    counted.position,
    counted.came_from,
    counted.left_to,
    counted.next_position,
    min(segments.segment_leads) as segment_leads,
    min(segments.merged_groups) as merged_groups,
    count(*) as stays
from counted
left join lead_attributes
    on
        counted.lead_no = lead_attributes.lead_no
        and lead_attributes.attribute = $by
inner join segments on lead_attributes.value is not distinct from segments.value
group by
    counted.month,
    segments.segment,
    segments.is_folded,
    counted.position,
    counted.came_from,
    counted.left_to,
    counted.next_position
order by
    counted.month,
    segments.segment,
    segments.is_folded,
    counted.position,
    counted.came_from,
    counted.left_to,
    counted.next_position
