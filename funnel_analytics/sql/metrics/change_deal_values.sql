-- One row per amount of the deals won in a month, of every kind: how many. The amount is missing
-- where nobody entered one.
-- params: month_start, month_end
select
    amount,
    count(*) as deals
from won_deals
where
    closed_at >= $month_start
    and closed_at < $month_end
group by amount
order by amount
