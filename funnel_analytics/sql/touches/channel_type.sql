-- One row per channel of an event log that has a name, as a type whose codes are the channels'.
-- params: none
create temp type channel_name as enum (  -- noqa: PRS, CV07
    select channel
    from (select unnest(getvariable('channel_names')) as channel) as named
    where channel is not null
    order by channel
)
