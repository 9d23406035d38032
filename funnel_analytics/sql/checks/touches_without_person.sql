-- One row: touches that name nobody, neither a person nor a visitor; no journey can use them.
-- params: none
with

judged as (

    select
        touch,
        coalesce(person_key, lead, contact, web_user, email, visitor) is null as is_offending
    from touch

)

select
    count(*) filter (is_offending) as offending_rows,
    count(*) as of_rows,
    min(touch, 5) filter (is_offending) as examples
from judged
