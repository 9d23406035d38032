-- One row: of the leads of the cohort that reached the stage in which they are asked, those with an
-- answer to a criterion that was not agreed, those whose latest answer to an agreed one is neither
-- yes nor no, and those with an answer to an agreed one that is not surely from before the outcome.
-- params: cohort_start, cohort_end, asked_from
with

answers as (

    select
        lead_answers.lead_no,
        lead_answers.criterion,
        lead_answers.is_late,
        agreed_criteria.criterion is not null as is_agreed,
        lead_answers.answer_no = 1 and lead_answers.is_met is null as is_other
    from lead_answers
    inner join lead_progress on lead_answers.lead_no = lead_progress.lead_no
    left join agreed_criteria on lead_answers.criterion = agreed_criteria.criterion
    where
        lead_answers.is_answered
        and lead_progress.created_at >= $cohort_start
        and lead_progress.created_at < $cohort_end
        and lead_progress.furthest >= $asked_from

)

select
    count(distinct case when not is_agreed then lead_no end) as unagreed_leads,
    count(distinct case when not is_agreed then criterion end) as unagreed_criteria,
    count(distinct case when is_agreed and is_other then lead_no end) as other_leads,
    count(distinct case when is_agreed and is_late then lead_no end) as late_leads
from answers
