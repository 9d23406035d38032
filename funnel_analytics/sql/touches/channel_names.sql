-- One row per event log: the names of its channels, in their order, a missing one last.
-- params: none
set variable channel_names = (
    select list(channel order by channel nulls last)
    from (select distinct channel from touch_log) as named
)
