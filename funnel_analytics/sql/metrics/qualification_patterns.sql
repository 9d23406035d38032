-- One row per segment and combination of answers: the leads of the cohort that reached the stage in
-- which they are asked. Criteria are bits: `met_marks` are those that the latest answer says to be
-- met (with `before_outcome` the latest from before the lead was won or closed for good),
-- `unmet_marks` those that it says not to be.
-- params: cohort_start, cohort_end, asked_from, mature_before, before_outcome, by,
-- minimum_group_size, folded
with

{{ asked_leads() }}

states as (

    select
        lead_answers.lead_no,
        sum(case when lead_answers.is_met then agreed_criteria.mark else 0 end) as met_marks,
        sum(case when not lead_answers.is_met then agreed_criteria.mark else 0 end) as unmet_marks
    from lead_answers
    inner join agreed_criteria on lead_answers.criterion = agreed_criteria.criterion
    where
        ($before_outcome and lead_answers.early_no = 1)
        or (not $before_outcome and lead_answers.answer_no = 1)
    group by lead_answers.lead_no

)

select
    asked.segment,
    asked.is_folded,
    min(asked.segment_leads) as segment_leads,
    min(asked.merged_groups) as merged_groups,
    coalesce(states.met_marks, 0) as met_marks,
    coalesce(states.unmet_marks, 0) as unmet_marks,
    asked.is_next,
    asked.is_mature,
    asked.is_won,
    count(*) as leads
from asked
left join states on asked.lead_no = states.lead_no
group by
    asked.segment,
    asked.is_folded,
    coalesce(states.met_marks, 0),
    coalesce(states.unmet_marks, 0),
    asked.is_next,
    asked.is_mature,
    asked.is_won
order by
    asked.segment,
    asked.is_folded,
    met_marks,
    unmet_marks,
    asked.is_next,
    asked.is_mature,
    asked.is_won
