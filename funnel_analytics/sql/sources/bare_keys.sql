-- One row per person key, or id by which a website knows its user, that only touches have, and none
-- of them beside another name of a person: it may be anybody's.
-- params: none
create or replace temp table bare_keys as
with

keyed as (

    select
        person_key as id,
        coalesce(lead, contact, email, web_user) is not null as is_tied
    from touch
    where person_key is not null
    union all
    select
        web_user as id,
        coalesce(lead, contact, email, person_key) is not null as is_tied
    from touch
    where web_user is not null

),

known as (

    select unnest([lead, contact, person_key]) as id
    from lead
    union
    select unnest([contact, lead]) as id
    from contact
    union
    select unnest([lead, contact, person_key]) as id
    from deal_contact
    union
    select unnest([lead, contact]) as id
    from touch

)

select keyed.id
from keyed
left join known on keyed.id = known.id
group by keyed.id
having
    not bool_or(keyed.is_tied)
    and count(known.id) = 0
