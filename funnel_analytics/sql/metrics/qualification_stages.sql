-- One row per segment, agreed criterion and stage that leads were in: those whose first answer to
-- the criterion was recorded there, with the seconds since their creation, and those whose latest
-- was.
-- params: cohort_start, cohort_end, asked_from, mature_before, by, minimum_group_size, folded
with

{{ asked_leads() }}

answers as (

    select
        asked.segment,
        asked.is_folded,
        asked.segment_leads,
        asked.merged_groups,
        agreed_criteria.criterion_no,
        lead_answers.position,
        lead_answers.is_first,
        lead_answers.answer_no = 1 and lead_answers.is_answered as is_latest,
        lead_answers.is_met,
        greatest(0, {{ seconds_between('asked.created_at', 'lead_answers.recorded_at') }})
            as known_seconds
    from asked
    inner join lead_answers on asked.lead_no = lead_answers.lead_no
    inner join agreed_criteria on lead_answers.criterion = agreed_criteria.criterion

)

select
    segment,
    is_folded,
    min(segment_leads) as segment_leads,
    min(merged_groups) as merged_groups,
    criterion_no,
    position,
    count(case when is_first then 1 end) as first_leads,
    {{ quantile("case when is_first then known_seconds end", 0.5) }} as known_seconds,
    count(case when is_latest then 1 end) as answered_leads,
    count(case when is_latest and is_met then 1 end) as yes_leads,
    count(case when is_latest and not is_met then 1 end) as no_leads
from answers
group by
    segment,
    is_folded,
    criterion_no,
    position
order by
    segment,
    is_folded,
    criterion_no,
    position
