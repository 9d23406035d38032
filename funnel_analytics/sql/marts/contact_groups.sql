-- One row per contact: the smallest of those it was merged with. An id in a contact's place that
-- only leads have is no contact.
-- params: none
create or replace temp table contact_groups as
with

mentioned as (

    select contact
    from deal_contact
    where contact is not null
    union
    select contact
    from touch
    where contact is not null

),

named as (

    select contact from contact
    union
    select merged_into as contact
    from contact
    where merged_into is not null
    union
    select contact
    from lead
    where contact is not null
    union
    select mentioned.contact
    from mentioned
    left join lead on mentioned.contact = lead.lead
    where lead.lead is null

)

select
    named.contact,
    coalesce(components.component, named.contact) as contact_group
from named
left join components on named.contact = components.node
