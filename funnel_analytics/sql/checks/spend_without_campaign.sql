-- One row: rows of spend, other than of nothing, that name no campaign; by channel.
-- params: none
with

paid as (

    select
        channel,
        campaign
    from spend
    where amount <> 0

),

nameless as (

    select
        channel,
        count(*) as channel_rows
    from paid
    where campaign is null
    group by channel

),

largest as (

    select
        channel,
        channel_rows
    from nameless
    order by
        channel_rows desc,
        channel asc nulls last
    limit 5

)

select
    coalesce((select cast(sum(channel_rows) as bigint) from nameless), 0) as offending_rows,
    (select count(*) from paid) as of_rows,
    (
        select
            list(
                struct_pack(channel := channel, found_rows := channel_rows)
                order by channel_rows desc, channel asc nulls last
            )
        from largest
    ) as examples
