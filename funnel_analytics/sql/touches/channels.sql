-- One row per channel of an event log, by code.
-- params: none
select unnest(getvariable('channel_names')) as channel
