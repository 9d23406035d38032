-- One row: activities whose lead (or contact) was never loaded or, where they name none, whose deal
-- was not.
-- params: none
with

people as (

    select lead as id from lead
    union
    select contact as id from contact

),

deals as (

    select deal from deal
    union
    select deal from lead
    where deal is not null
    union
    select deal from deal_contact

),

judged as (

    select
        coalesce(activity.lead, activity.deal) as id,
        case
            when activity.lead is not null then people.id is null
            else deals.deal is null
        end as is_offending
    from activity
    left join people on activity.lead = people.id
    left join deals on activity.deal = deals.deal

)

select
    count(*) filter (is_offending) as offending_rows,
    count(*) as of_rows,
    min(id, 5) filter (is_offending) as examples
from judged
