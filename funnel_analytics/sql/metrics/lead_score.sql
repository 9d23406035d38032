-- One row per segment, score, verdict and what it comes from: leads of the cohort that came to the
-- stage before the predicted one, or were handed over to its team. `is_accepted`: the team accepted
-- the first such hand-over (`handover`; rejected it if false); of a lead without an answer, it
-- reached the stage or had not (`stage`).
-- params: cohort_start, cohort_end, predicts, kind, mature_before, by, minimum_group_size, folded
with

numbered as (

    select
        lead_no,
        accepted_at,
        rejected_at,
        row_number() over (partition by lead_no order by handover_no) as place
    from handovers
    where kind = $kind

),

firsts as (

    select
        lead_no,
        case
            when accepted_at <= coalesce(rejected_at, accepted_at) then true
            when rejected_at is not null then false
        end as is_accepted
    from numbered
    where place = 1

),

present as (

    select
        lead_progress.lead_no,
        lead_progress.created_at,
        lead_progress.furthest >= $predicts as is_reached,
        firsts.is_accepted
    from lead_progress
    left join firsts on lead_progress.lead_no = firsts.lead_no
    where
        lead_progress.created_at >= $cohort_start
        and lead_progress.created_at < $cohort_end
        and (
            lead_progress.furthest >= $predicts - 1
            or firsts.lead_no is not null
        )

),

{{ present_segments() }}

verdicts as (

    select
        segments.segment,
        segments.is_folded,
        segments.segment_leads,
        segments.merged_groups,
        leads.score,
        case when present.is_accepted is null then 'stage' else 'handover' end as verdict_by,
        coalesce(present.is_accepted, present.is_reached) as is_accepted,
        coalesce(present.created_at <= $mature_before, false) as is_mature
    from present
    inner join leads on present.lead_no = leads.lead_no
    left join lead_attributes
        on
            present.lead_no = lead_attributes.lead_no
            and lead_attributes.attribute = $by
    inner join segments on lead_attributes.value is not distinct from segments.value

)

select
    segment,
    is_folded,
    min(segment_leads) as segment_leads,
    min(merged_groups) as merged_groups,
    score,
    verdict_by,
    is_accepted,
    is_mature,
    count(*) as leads
from verdicts
group by
    segment,
    is_folded,
    score,
    verdict_by,
    is_accepted,
    is_mature
order by
    segment,
    is_folded,
    score,
    verdict_by,
    is_accepted,
    is_mature
