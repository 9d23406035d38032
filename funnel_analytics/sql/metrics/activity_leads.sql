-- One row per outcome of a lead of the cohort (won, over, open) and how many own activities there
-- were towards it, in whatever stage: the leads.
-- params: cohort_start, cohort_end
with

counted as (

    select
        lead_no,
        count(*) as activities
    from own_activities
    group by lead_no

),

judged as (

    select
        coalesce(counted.activities, 0) as activities,
        case
            when lead_progress.reached_{{ stages[-1] }} is not null then 'won'
            when lead_ends.lead_no is not null then 'over'
            else 'open'
        end as outcome
    from lead_progress
    left join lead_ends on lead_progress.lead_no = lead_ends.lead_no
    left join counted on lead_progress.lead_no = counted.lead_no
    where
        lead_progress.created_at >= $cohort_start
        and lead_progress.created_at < $cohort_end

)

select
    outcome,
    activities,
    count(*) as leads
from judged
group by
    outcome,
    activities
order by
    outcome,
    activities
