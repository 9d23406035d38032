-- One row per table and currency with amounts that count (won deals, spend) but cannot be valued in
-- the agreement's currency: how many rows and days, the first and the last of these days, up to
-- five of them, and the last day before the first that the loaded rates know of, if any. Reads the
-- marts.
-- params: none
with

unvalued as (

    select
        'deal' as table_name,
        upper(deals.currency) as currency,
        deals.valued_on
    from won_deals
    inner join deals on won_deals.deal = deals.deal
    where
        deals.original_amount is not null
        and deals.amount is null
    union all
    select
        'spend' as table_name,
        upper(currency) as currency,
        spent_on as valued_on
    from spend_amounts
    where amount is null

),

missing as (

    select
        table_name,
        currency,
        count(*) as row_count,
        count(distinct valued_on) as day_count,
        min(valued_on) as first_on,
        max(valued_on) as last_on,
        list_slice(list_sort(list_distinct(list(valued_on))), 1, 5) as first_days
    from unvalued
    group by
        table_name,
        currency

)

select
    missing.table_name,
    missing.currency,
    missing.row_count,
    missing.day_count,
    missing.first_on,
    missing.last_on,
    missing.first_days,
    max(exchange_rate.rated_on) as last_rated_on
from missing
left join exchange_rate
    on
        missing.currency in (upper(exchange_rate.currency), upper(exchange_rate.base))
        and missing.first_on >= exchange_rate.rated_on
group by all
order by
    missing.table_name,
    missing.currency
