-- One row: leads in a stage although an earlier one was never recorded.
-- params: none
with

skipped as (

    select
        leads.lead_no,
        leads.lead
    from lead_progress
    inner join leads on lead_progress.lead_no = leads.lead_no
    where
        false
        {% for k in stages %}
        or (lead_progress.furthest > {{ k }} and lead_progress.entered_{{ k }} is null)
        {% endfor %}

)

select
    (select count(*) from skipped) as offending_rows,
    (select count(*) from leads) as of_rows,
    (select array_to_string(min(lead, 5), ', ') from skipped) as examples
