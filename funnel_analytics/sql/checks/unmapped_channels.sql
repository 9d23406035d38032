-- One row: touches and days of spend whose channel the agreement does not gather. A touch without a
-- channel has that of its campaign.
-- params: none
with

used as (

    select raw_channel as channel from touches
    union all
    select channel from spend

),

unmapped as (

    select
        used.channel,
        count(*) as uses
    from used
    left join agreed_channels on used.channel = agreed_channels.raw
    where
        used.channel is not null
        and agreed_channels.raw is null
    group by used.channel

),

largest as (

    select *
    from unmapped
    order by
        uses desc,
        channel asc
    limit 5

)

select
    coalesce((select cast(sum(uses) as bigint) from unmapped), 0) as offending_rows,
    (select count(*) from used) as of_rows,
    (
        select
            list(
                struct_pack(channel := channel, found_rows := uses)
                order by uses desc, channel asc
            )
        from largest
    ) as examples
