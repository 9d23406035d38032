-- One row: leads in a stage without an entry into an earlier one; stages that no lead has an entry
-- into are left to the check `stages_never_recorded`.
-- params: none
with

unrecorded as (

    select position
    from stage_records
    where is_never_recorded

),

skipped as (

    select
        leads.lead_no,
        leads.lead
    from lead_progress
    inner join leads on lead_progress.lead_no = leads.lead_no
    where
        false
        {% for k in stages %}
        or (
            lead_progress.furthest > {{ k }}
            and lead_progress.entered_{{ k }} is null
            and {{ k }} not in (select unrecorded.position from unrecorded)
        )
        {% endfor %}

)

select
    (select count(*) from skipped) as offending_rows,
    (select count(*) from leads) as of_rows,
    (select min(lead, 5) from skipped) as examples
