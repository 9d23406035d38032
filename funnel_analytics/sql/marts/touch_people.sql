-- One row per touch with the person it is of: by the first that the row has of
-- person key, lead, contact, e-mail hash and web visitor. `found_by`: the rule that says so.
-- params: none
create table touch_people as
with

named as (

    select
        touch.touch,
        touch.account,
        touch.touched_at,
        touch.kind,
        touch.channel,
        touch.side,
        touch.campaign,
        touch.cost,
        touch.source_row,
        case
            when touch.person_key is not null then 'person_key'
            when touch.lead is not null and lead.lead is not null then 'lead'
            when touch.lead is not null then 'contact'
            when touch.contact is not null and contact_groups.contact is null then 'lead'
            when touch.contact is not null then 'contact'
            when touch.email is not null then 'email'
            when touch.visitor is not null then 'visitor'
        end as id_kind,
        coalesce(touch.person_key, touch.lead, touch.contact, touch.email, touch.visitor) as id
    from touch
    left join lead on touch.lead = lead.lead
    left join contact_groups on touch.contact = contact_groups.contact

)

select
    named.touch,
    people.person_key,
    case named.id_kind
        when 'email' then 'email'
        when 'visitor' then 'visitor'
        else 'ids'
    end as found_by,
    named.account,
    named.touched_at,
    named.kind,
    named.channel,
    named.side,
    named.campaign,
    named.cost,
    named.source_row
from named
left join people
    on
        named.id_kind = people.kind
        and named.id = people.id
