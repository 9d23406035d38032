-- One row: leads with an entry into an earlier stage than the one they were in.
-- params: none
with

steps as (

    select
        lead_no,
        position,
        max(position) over (
            partition by lead_no order by entered_at, position
            rows between unbounded preceding and 1 preceding
        ) as furthest_before
    from stage_entries

),

back as (

    select distinct
        leads.lead_no,
        leads.lead
    from steps
    inner join leads on steps.lead_no = leads.lead_no
    where steps.position < steps.furthest_before

)

select
    (select count(*) from back) as offending_rows,
    (select count(*) from leads) as of_rows,
    (select array_to_string(min(lead, 5), ', ') from back) as examples
