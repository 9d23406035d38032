-- One row: leads with an entry into an earlier stage that begins when an entry into a later one is
-- surely over; the first entry that is added where none was recorded moves nobody back.
-- params: none
with

back as (

    select distinct
        leads.lead_no,
        leads.lead
    from stage_entries as earlier
    inner join stage_entries as later
        on
            earlier.lead_no = later.lead_no
            and earlier.position < later.position
            and earlier.earliest_at > later.latest_at
    inner join leads on earlier.lead_no = leads.lead_no
    where not earlier.is_added

)

select
    (select count(*) from back) as offending_rows,
    (select count(*) from leads) as of_rows,
    (select min(lead, 5) from back) as examples
