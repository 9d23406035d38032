-- One row per segment and agreed criterion (missing: the whole segment): the leads of the cohort
-- that reached the stage in which they are asked, those with an answer, and of the mature ones
-- those that an answer from before their outcome says to meet the criterion, or not to, and the
-- won ones.
-- params: cohort_start, cohort_end, asked_from, mature_before, by, minimum_group_size, folded
with

{{ asked_leads() }}

states as (

    select
        lead_answers.lead_no,
        agreed_criteria.criterion_no,
        max(case when lead_answers.answer_no = 1 and lead_answers.is_answered then 1 else 0 end)
            as is_answered,
        max(case when lead_answers.answer_no = 1 and lead_answers.is_met then 1 else 0 end)
            as is_met,
        max(case when lead_answers.answer_no = 1 and not lead_answers.is_met then 1 else 0 end)
            as is_unmet,
        max(case when lead_answers.early_no = 1 and lead_answers.is_met then 1 else 0 end)
            as was_met,
        max(case when lead_answers.early_no = 1 and not lead_answers.is_met then 1 else 0 end)
            as was_unmet,
        max(case when lead_answers.is_late and lead_answers.is_answered then 1 else 0 end)
            as is_late
    from lead_answers
    inner join agreed_criteria on lead_answers.criterion = agreed_criteria.criterion
    group by
        lead_answers.lead_no,
        agreed_criteria.criterion_no

),

counted as (

    select
        segment,
        is_folded,
        segment_leads,
        merged_groups,
        null as criterion_no,
        1 as is_answered,
        0 as is_met,
        0 as is_unmet,
        0 as was_met,
        0 as was_unmet,
        0 as is_late,
        is_mature,
        is_won
    from asked
    union all
    select
        asked.segment,
        asked.is_folded,
        asked.segment_leads,
        asked.merged_groups,
        states.criterion_no,
        states.is_answered,
        states.is_met,
        states.is_unmet,
        states.was_met,
        states.was_unmet,
        states.is_late,
        asked.is_mature,
        asked.is_won
    from asked
    inner join states on asked.lead_no = states.lead_no

)

select
    segment,
    is_folded,
    min(segment_leads) as segment_leads,
    min(merged_groups) as merged_groups,
    criterion_no,
    sum(is_answered) as answered_leads,
    sum(is_met) as yes_leads,
    sum(is_unmet) as no_leads,
    sum(is_late) as late_leads,
    count(case when is_mature then 1 end) as mature_leads,
    count(case when is_mature and is_won then 1 end) as won_leads,
    count(case when is_mature and was_met = 1 then 1 end) as mature_yes_leads,
    count(case when is_mature and was_met = 1 and is_won then 1 end) as won_yes_leads,
    count(case when is_mature and was_unmet = 1 then 1 end) as mature_no_leads,
    count(case when is_mature and was_unmet = 1 and is_won then 1 end) as won_no_leads
from counted
group by
    segment,
    is_folded,
    criterion_no
order by
    segment,
    is_folded,
    criterion_no
