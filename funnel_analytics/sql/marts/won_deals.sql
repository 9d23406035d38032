-- One row per won deal with the instant it closed; the amount is missing where nobody entered it.
-- `closed_by_at` is the last instant that a stamp of day precision can mean.
-- params: currency, timezone
create table won_deals as
select
    cast(row_number() over (order by deal) as integer) as deal_no,
    deal,
    account,
    created_at,
    closed_at,
    case
        when coalesce(closed_at_is_day, false)
            then
                timezone(
                    'UTC',
                    timezone(
                        $timezone,
                        timezone($timezone, timezone('UTC', closed_at)) + interval 1 day
                    )
                ) - interval 1 microsecond
        else closed_at
    end as closed_by_at,
    case when currency is null or currency = $currency then amount end as amount,
    currency,
    kind
from deal
where
    is_won
    and closed_at is not null
order by deal
