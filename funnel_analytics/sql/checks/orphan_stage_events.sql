-- One row: rows of stage_event whose lead (or contact) was never loaded or, where they name none,
-- whose deal was not.
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
        coalesce(stage_event.lead, stage_event.deal) as id,
        case
            when stage_event.lead is not null then people.id is null
            else deals.deal is null
        end as is_offending
    from stage_event
    left join people on stage_event.lead = people.id
    left join deals on stage_event.deal = deals.deal

)

select
    count(*) filter (is_offending) as offending_rows,
    count(*) as of_rows,
    min(id, 5) filter (is_offending) as examples
from judged
