-- One row per segment, month in which leads reached the stage in which they are asked, and agreed
-- criterion (missing: all these leads): how many there are, or have an answer, and how many of them
-- are still in that stage.
-- params: cohort_start, cohort_end, asked_from, mature_before, by, minimum_group_size, folded
with

{{ asked_leads() }}

still_there as (

    select distinct lead_no
    from stage_stays
    where
        position = $asked_from
        and left_at is null

),

dated as (

    select
        asked.lead_no,
        asked.segment,
        asked.is_folded,
        asked.segment_leads,
        asked.merged_groups,
        calendar_months.month,
        case when still_there.lead_no is not null then 1 else 0 end as is_open
    from asked
    inner join calendar_months
        on
            asked.asked_at >= calendar_months.starts_at
            and asked.asked_at < calendar_months.ends_at
    left join still_there on asked.lead_no = still_there.lead_no

),

counted as (

    select
        dated.*,
        null as criterion_no
    from dated
    union all
    select
        dated.*,
        agreed_criteria.criterion_no
    from dated
    inner join lead_answers on dated.lead_no = lead_answers.lead_no
    inner join agreed_criteria on lead_answers.criterion = agreed_criteria.criterion
    where
        lead_answers.answer_no = 1
        and lead_answers.is_answered

)

select
    segment,
    is_folded,
    min(segment_leads) as segment_leads,
    min(merged_groups) as merged_groups,
    month,
    criterion_no,
    count(*) as leads,
    sum(is_open) as open_leads
from counted
group by
    segment,
    is_folded,
    month,
    criterion_no
order by
    segment,
    is_folded,
    month,
    criterion_no
