-- One row per opening of a clock, cut at every midnight (UTC): `working_time` by `day`, so that a
-- join finds the row of an instant by its day. Every instant lies in exactly one `opened_at` <=
-- instant < `until_at` of its team and day.
-- params: none
create temp table working_spans as
with

dated as (

    select
        team,
        opened_at,
        closed_at,
        until_at,
        worked_seconds_before,
        cast(
            unnest(
                generate_series(
                    date_trunc('day', opened_at),
                    until_at - interval 1 microsecond,
                    interval 1 day
                )
            ) as timestamp
        ) as starts_at
    from working_time

)

select
    team,
    cast(starts_at as date) as day,
    greatest(opened_at, starts_at) as opened_at,
    greatest(least(closed_at, starts_at + interval 1 day), opened_at, starts_at) as closed_at,
    least(until_at, starts_at + interval 1 day) as until_at,
    worked_seconds_before
    + greatest(0, {{ seconds_between('opened_at', 'least(closed_at, starts_at)') }})
        as worked_seconds_before
from dated
order by team, opened_at
