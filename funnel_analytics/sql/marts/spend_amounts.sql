-- One row per loaded row of spend with its amount in the agreement's currency by the rate of its
-- day (missing where there is none). An amount without a currency is in the agreement's.
-- params: currency
create table spend_amounts as
select
    spend.spent_on,
    spend.channel,
    spend.campaign,
    spend.amount as original_amount,
    spend.currency,
    case
        when coalesce(upper(spend.currency) = upper($currency), true) or spend.amount = 0
            then spend.amount
        else spend.amount * rates.rate
    end as amount,
    rates.rated_on,
    spend.impressions,
    spend.clicks
from spend
left join rates
    on
        upper(spend.currency) = rates.currency
        and spend.spent_on = rates.valued_on
