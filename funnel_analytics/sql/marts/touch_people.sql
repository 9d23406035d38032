-- One row per touch with the person it is of: by the first that names somebody known, of person
-- key, lead, contact, the website's user id, e-mail hash and web visitor; else by the first there
-- is. `found_by`: the rule that says so.
-- params: none
create table touch_people as
with

named as (

    select
        touch.*,
        case when lead.lead is null then 'contact' else 'lead' end as lead_kind,
        case when contact_groups.contact is null then 'lead' else 'contact' end as contact_kind,
        case
            when web_lead.lead is not null then 'lead'
            when web_contact.contact is not null then 'contact'
            else 'person_key'
        end as web_user_kind
    from touch
    left join lead on touch.lead = lead.lead
    left join contact_groups on touch.contact = contact_groups.contact
    left join lead as web_lead on touch.web_user = web_lead.lead
    left join contact_groups as web_contact on touch.web_user = web_contact.contact

),

found as (

    select
        named.*,
        coalesce(
            case when by_key.is_known then by_key.person_key end,
            by_lead.person_key,
            by_contact.person_key,
            case when by_web_user.is_known then by_web_user.person_key end
        ) as by_ids,
        case when by_email.is_known then by_email.person_key end as by_email,
        case when by_visitor.is_known then by_visitor.person_key end as by_visitor,
        coalesce(by_key.person_key, by_web_user.person_key) as by_bare_key,
        by_email.person_key as by_torn_email,
        by_visitor.person_key as by_bare_visitor
    from named
    left join people as by_key
        on
            named.person_key = by_key.id
            and by_key.kind = 'person_key'
    left join people as by_lead
        on
            named.lead = by_lead.id
            and named.lead_kind = by_lead.kind
    left join people as by_contact
        on
            named.contact = by_contact.id
            and named.contact_kind = by_contact.kind
    left join people as by_web_user
        on
            named.web_user = by_web_user.id
            and named.web_user_kind = by_web_user.kind
    left join people as by_email
        on
            named.email = by_email.id
            and by_email.kind = 'email'
    left join people as by_visitor
        on
            named.visitor = by_visitor.id
            and by_visitor.kind = 'visitor'

)

select
    touch,
    coalesce(
        by_ids, by_email, by_visitor, by_bare_key, by_torn_email, by_bare_visitor
    ) as person_key,
    case
        when by_ids is not null then 'ids'
        when by_email is not null then 'email'
        when by_visitor is not null then 'visitor'
        when by_bare_key is not null then 'ids'
        when by_torn_email is not null then 'email'
        when visitor is not null then 'visitor'
        else 'ids'
    end as found_by,
    account,
    touched_at,
    kind,
    channel,
    source,
    medium,
    campaign,
    content,
    side,
    cost,
    source_row
from found
