-- One row: leads with an entry into a stage before they were created; winning has its own check.
-- params: none
with

last_stage as (

    select max(position) as last_position from agreed_stages

),

early as (

    select distinct
        leads.lead_no,
        leads.lead
    from stage_entries
    inner join leads on stage_entries.lead_no = leads.lead_no
    cross join last_stage
    where
        stage_entries.latest_at < leads.created_at
        and stage_entries.position < last_stage.last_position

)

select
    (select count(*) from early) as offending_rows,
    (select count(*) from leads) as of_rows,
    (select min(lead, 5) from early) as examples
