-- One row per month, segment, stage, way in and way out: the stays of leads in agreed stages, begun
-- in the period, or (`$by_creation`) made by the leads created in it. `month` is that of the entry,
-- or of the creation. `came_from` is the state before the stay ('created', 'stage' or
-- a closing), `left_to` what ended it (missing: nothing yet), `next_position` the stage after it.
-- params: period_start, period_end, by_creation, by, minimum_group_size, folded
with

stays as (

    select
        lead_no,
        stay_no,
        position,
        left_to,
        next_position,
        entered_at as counted_at
    from stage_stays
    where
        not $by_creation
        and entered_at >= $period_start
        and entered_at < $period_end
    union all
    select
        stage_stays.lead_no,
        stage_stays.stay_no,
        stage_stays.position,
        stage_stays.left_to,
        stage_stays.next_position,
        leads.created_at as counted_at
    from stage_stays
    inner join leads on stage_stays.lead_no = leads.lead_no
    where
        $by_creation
        and leads.created_at >= $period_start
        and leads.created_at < $period_end

),

present as (

    select distinct lead_no
    from stays

),

{{ present_segments() }}

returns as (

    select
        lead_no,
        stay_no + 1 as stay_no,
        status
    from lead_closings
    where is_last

),

timed as (

    select
        lead_no,
        stay_no,
        position,
        left_to,
        next_position,
        counted_at,
        floor({{ double(seconds_between("$period_start", "counted_at")) }} / 900) as quarter
    from stays

),

{{ months_of_quarters() }}

counted as (

    select
        months.month,
        timed.lead_no,
        timed.position,
        case
            when returns.status is not null then returns.status
            when timed.stay_no = 1 then 'created'
            when timed.stay_no > 1 then 'stage'
        end as came_from,
        timed.left_to,
        timed.next_position
    from timed
    inner join months on timed.quarter = months.quarter
    left join returns
        on
            timed.lead_no = returns.lead_no
            and timed.stay_no = returns.stay_no

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
