-- One row: touches and days of spend whose channel the agreement does not gather.
-- params: none
with

used as (

    select channel from touch
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

)

select
    coalesce((select cast(sum(uses) as bigint) from unmapped), 0) as offending_rows,
    (select count(*) from used) as of_rows,
    (select array_to_string(min(channel, 5), ', ') from unmapped) as examples
