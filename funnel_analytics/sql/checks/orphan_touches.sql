-- One row: touches that name a person, lead, contact or e-mail address that no loaded lead or
-- contact has, and that is on no deal. A visitor alone is nobody yet and is not judged.
-- params: none
with

known as (

    select person_key as id from lead
    union
    select lead as id from lead
    union
    select email as id from lead
    union
    select contact as id from contact
    union
    select email as id from contact
    union
    select person_key as id from deal_contact

),

judged as (

    select
        coalesce(touch.touch, touch.person_key, touch.lead, touch.contact) as id,
        known_person.id is null
        and known_lead.id is null
        and known_contact.id is null
        and known_email.id is null as is_offending
    from touch
    left join known as known_person on touch.person_key = known_person.id
    left join known as known_lead on touch.lead = known_lead.id
    left join known as known_contact on touch.contact = known_contact.id
    left join known as known_email on touch.email = known_email.id
    where
        touch.person_key is not null
        or touch.lead is not null
        or touch.contact is not null
        or touch.email is not null

)

select
    count(*) filter (is_offending) as offending_rows,
    (select count(*) from touch) as of_rows,
    min(id, 5) filter (is_offending) as examples
from judged
