-- One row: touches of people all of whose leads had been won before; no journey to a win holds them
-- unless they win again.
-- params: none
with

customers as (

    select
        leads.person_key,
        max(lead_progress.latest_{{ stages | last }}) as won_by_at
    from leads
    left join lead_progress on leads.lead_no = lead_progress.lead_no
    where leads.person_key is not null
    group by leads.person_key
    having count(*) = count(lead_progress.entered_{{ stages | last }})

),

known_people as (

    select distinct person_key
    from leads
    where person_key is not null

),

judged as (

    select
        touches.touch,
        coalesce(touches.touched_at > customers.won_by_at, false) as is_offending
    from touches
    inner join known_people on touches.person_key = known_people.person_key
    left join customers on touches.person_key = customers.person_key

)

select
    count(*) filter (is_offending) as offending_rows,
    count(*) as of_rows,
    min(touch, 5) filter (is_offending) as examples
from judged
