-- One row: the recorded entries of the leads created in a span, made in a span, and those of them
-- that were found by comparing two dated exports, with the widest gap between two such.
-- params: created_from, created_before, entered_from, entered_before
with

entries as (

    select
        stage_entries.is_snapshot,
        {{ double(seconds_between('stage_entries.earliest_at', 'stage_entries.latest_at')) }}
        / 86400 as gap_days
    from stage_entries
    inner join leads on stage_entries.lead_no = leads.lead_no
    where
        not stage_entries.is_added
        and leads.created_at >= coalesce($created_from, leads.created_at)
        and leads.created_at < $created_before
        and stage_entries.entered_at >= coalesce($entered_from, stage_entries.entered_at)
        and stage_entries.entered_at < $entered_before

)

select
    count(case when is_snapshot then 1 end) as snapshot_entries,
    count(*) as of_entries,
    max(case when is_snapshot then gap_days end) as widest_days
from entries
