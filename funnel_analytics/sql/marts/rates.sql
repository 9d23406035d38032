-- One row per foreign currency and day on which an amount in it is valued: what one unit is worth
-- in the agreement's currency, by the latest reference rates on or before that day that are not
-- older than agreed; no row where there are none. Two currencies meet in a base that has rates of
-- both. `valued_on`: a won deal's close, another deal's creation, the day of spend. `rated_on`: the
-- older of the rates used.
-- params: timezone, currency, max_age_days
create table rates as
with

deal_days as (

    select
        upper(currency) as currency,
        coalesce(case when is_won then closed_at end, created_at, closed_at) as valued_at
    from deal
    where amount <> 0

),

needed as (

    select
        currency,
        cast(timezone($timezone, timezone('UTC', valued_at)) as date) as valued_on
    from deal_days
    where
        currency <> upper($currency)
        and valued_at is not null
    union
    select
        upper(currency) as currency,
        spent_on as valued_on
    from spend
    where
        upper(currency) <> upper($currency)
        and amount <> 0

),

quoted as (

    select
        upper(base) as base,
        upper(currency) as currency,
        rated_on,
        max(rate) as rate
    from exchange_rate
    where rate > 0
    group by all

),

legs as (

    select
        base,
        currency,
        rated_on,
        rate
    from quoted
    where base <> currency
    union
    select
        base,
        base as currency,
        rated_on,
        1 as rate
    from quoted

),

latest_legs as (

    select
        needed.currency as foreign_currency,
        needed.valued_on,
        legs.base,
        legs.currency = needed.currency as is_from,
        max(legs.rated_on) as rated_on,
        arg_max(legs.rate, legs.rated_on) as rate
    from needed
    inner join legs
        on
            legs.currency in (needed.currency, upper($currency))
            and needed.valued_on >= legs.rated_on
            and needed.valued_on <= legs.rated_on + $max_age_days
    group by all

),

crossed as (

    select
        from_leg.foreign_currency as currency,
        from_leg.valued_on,
        to_leg.rate / from_leg.rate as rate,
        least(from_leg.rated_on, to_leg.rated_on) as rated_on,
        from_leg.base
    from latest_legs as from_leg
    inner join latest_legs as to_leg
        on
            from_leg.foreign_currency = to_leg.foreign_currency
            and from_leg.valued_on = to_leg.valued_on
            and from_leg.base = to_leg.base
    where
        from_leg.is_from
        and not to_leg.is_from

)

select
    currency,
    valued_on,
    rate,
    rated_on,
    cast(valued_on - rated_on as integer) as age_days,
    base
from crossed
qualify row_number() over (partition by currency, valued_on order by rated_on desc, base asc) = 1
order by
    currency,
    valued_on
