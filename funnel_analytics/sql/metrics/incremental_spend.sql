-- One row per day, channel and campaign with spend: its amount, and how many rows have none in the
-- agreement's currency.
-- params: none
select
    spent_on,
    channel,
    campaign,
    sum(amount) as amount,
    count(*) - count(amount) as rows_without_value
from spend_days
group by
    spent_on,
    channel,
    campaign
order by
    spent_on,
    channel,
    campaign
