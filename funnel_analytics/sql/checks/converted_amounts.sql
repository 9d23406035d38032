-- One row: amounts in a foreign currency, of won deals and spend, that were converted by a rate
-- more than `$limit` days older than they are. Over a long weekend no rate is set, so a few days
-- are usual. `worst` is the age of the oldest rate used, in days.
-- params: limit
with

converted as (

    select
        deals.currency,
        deals.valued_on,
        cast(deals.valued_on - deals.rated_on as integer) as age_days
    from deals
    inner join won_deals on deals.deal = won_deals.deal
    where deals.rated_on is not null
    union all
    select
        currency,
        spent_on as valued_on,
        cast(spent_on - rated_on as integer) as age_days
    from spend_amounts
    where rated_on is not null

),

oldest as (

    select distinct
        currency,
        valued_on,
        age_days
    from converted
    where age_days > $limit
    order by
        age_days desc,
        currency asc,
        valued_on asc
    limit 5

)

select
    (select count(*) filter (converted.age_days > $limit) from converted) as offending_rows,
    (select count(*) from converted) as of_rows,
    (select max(converted.age_days) from converted) as worst,
    (
        select
            list(
                struct_pack(currency := currency, day := valued_on, age_days := age_days)
                order by age_days desc, currency asc, valued_on asc
            )
        from oldest
    ) as examples
