-- One row: touches from the first window of the period to its end that name no person (and, where
-- `$of_account`, no account either).
-- params: period_start period_end of_account lookback_days
select count(*) as touches
from touch_points
where
    person_no is null
    and (not $of_account or account_no is null)
    and touched_at >= {{ days_before('$period_start', '$lookback_days') }}
    and touched_at < $period_end
