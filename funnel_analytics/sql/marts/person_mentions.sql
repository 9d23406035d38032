-- One row per set of ids that one row of lead, contact, deal_contact or touch gives to one person,
-- each as a node: '1' person key, '2' lead, '3' contact, '4' e-mail hash, '5' web visitor. An id in
-- a lead's place that no lead has is a contact's; one in a contact's place that no contact has is a
-- lead's. `is_test`: the row names a test lead, who is a stranger to everybody.
-- params: none
create or replace temp table person_mentions as
with

given as (

    select
        lead,
        contact,
        person_key,
        email,
        visitor
    from lead
    union all
    select
        lead,
        contact,
        null as person_key,
        email,
        null as visitor
    from contact
    union all
    select
        lead,
        contact,
        person_key,
        null as email,
        null as visitor
    from deal_contact
    union all
    select
        lead,
        contact,
        person_key,
        email,
        visitor
    from touch

),

mentions as (

    select distinct
        lead,
        contact,
        person_key,
        email,
        visitor
    from given
    where coalesce(lead, contact, person_key, email) is not null

)

select
    '1' || mentions.person_key as key_node,
    case when lead.lead is null then '3' else '2' end || mentions.lead as lead_node,
    case when contact_groups.contact is null then '2' else '3' end
    || mentions.contact as contact_node,
    '4' || mentions.email as email_node,
    '5' || mentions.visitor as visitor_node,
    coalesce(lead.is_test, false) as is_test
from mentions
left join lead on mentions.lead = lead.lead
left join contact_groups on mentions.contact = contact_groups.contact
