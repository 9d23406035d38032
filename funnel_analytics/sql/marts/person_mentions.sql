-- One row per set of ids that one row of lead, contact, deal_contact or touch gives to one person,
-- each as a node: '1' person key, '2' lead, '3' contact, '4' e-mail hash, '5' web visitor. An id in
-- a lead's place that no lead has is a contact's; one in a contact's place that no contact has is a
-- lead's; a website's user id that neither has is a person key. `owner_node`: the first of them
-- that ids give. `is_test`: the row names a test lead, who is a stranger to everybody.
-- params: none
create or replace temp table person_mentions as
with

given as (

    select
        lead,
        contact,
        person_key,
        null as web_user,
        email,
        visitor
    from lead
    union all
    select
        lead,
        contact,
        null as person_key,
        null as web_user,
        email,
        null as visitor
    from contact
    union all
    select
        lead,
        contact,
        person_key,
        null as web_user,
        null as email,
        null as visitor
    from deal_contact
    union all
    select
        lead,
        contact,
        person_key,
        web_user,
        email,
        visitor
    from touch

),

mentions as (

    select distinct
        lead,
        contact,
        person_key,
        web_user,
        email,
        visitor
    from given
    where coalesce(lead, contact, person_key, web_user, email) is not null

),

nodes as (

    select
        '1' || mentions.person_key as key_node,
        case when lead.lead is null then '3' else '2' end || mentions.lead as lead_node,
        case when contact_groups.contact is null then '2' else '3' end
        || mentions.contact as contact_node,
        case
            when web_lead.lead is not null then '2'
            when web_contact.contact is not null then '3'
            else '1'
        end || mentions.web_user as web_user_node,
        '4' || mentions.email as email_node,
        '5' || mentions.visitor as visitor_node,
        coalesce(lead.is_test, false) or coalesce(web_lead.is_test, false) as is_test
    from mentions
    left join lead on mentions.lead = lead.lead
    left join contact_groups on mentions.contact = contact_groups.contact
    left join lead as web_lead on mentions.web_user = web_lead.lead
    left join contact_groups as web_contact on mentions.web_user = web_contact.contact

)

select
    *,
    coalesce(key_node, lead_node, contact_node, web_user_node) as owner_node
from nodes
