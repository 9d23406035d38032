-- One row: touches of a person who is no loaded lead and on no deal.
-- params: none
with

known as (

    select person_key from lead
    where person_key is not null
    union
    select person_key from deal_contact
    where person_key is not null

)

select
    count(*) filter (touch.person_key is not null and known.person_key is null) as offending_rows,
    count(*) as of_rows,
    array_to_string(
        min(coalesce(touch.touch, touch.person_key), 5) filter (
            touch.person_key is not null and known.person_key is null
        ), ', '
    ) as examples
from touch
left join known on touch.person_key = known.person_key
