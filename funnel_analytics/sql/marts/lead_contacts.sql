-- One row per lead, after the merges of its system, and contact, after its own, that ids join: the
-- lead was converted into the contact, or rows of deals or touches name both.
-- params: none
create or replace temp table lead_contacts as
with

named as (

    select
        lead,
        contact
    from lead
    where contact is not null
    union
    select
        lead,
        contact
    from contact
    where lead is not null
    union
    select
        lead,
        contact
    from deal_contact
    where
        lead is not null
        and contact is not null
    union
    select
        lead,
        contact
    from touch
    where
        lead is not null
        and contact is not null

)

select distinct
    merge_ends.end_lead,
    contact_groups.contact_group
from named
inner join merge_ends on named.lead = merge_ends.lead
inner join contact_groups on named.contact = contact_groups.contact
