-- One row per segment and attempt from the second on: how many leads had it, and the median of the
-- seconds since the one before. Those after `most` are one row.
-- params: cohort_start, cohort_end, by, minimum_group_size, folded, most
with

{{ attempted_contacts() }}

gaps as (

    select
        cohort.segment,
        cohort.is_folded,
        least(attempts.attempt, $most + 1) as attempt,
        {{ seconds_between('attempts.before_at', 'attempts.done_by_at') }} as gap_seconds
    from attempts
    inner join cohort on attempts.lead_no = cohort.lead_no
    where attempts.attempt > 1

)

select
    segment,
    is_folded,
    attempt,
    count(*) as gaps,
    {{ quantile('gap_seconds', 0.5) }} as median_seconds
from gaps
group by
    segment,
    is_folded,
    attempt
order by
    segment,
    is_folded,
    attempt
