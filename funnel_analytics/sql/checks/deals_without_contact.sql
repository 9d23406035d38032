-- One row: deals on which nobody of the buying group is recorded; deleted deals are out. Where no
-- contact of any deal was loaded, none is judged.
-- params: none
with

with_contact as (

    select distinct deal from deal_contact

),

judged as (

    select
        deal.deal,
        with_contact.deal is null as is_offending
    from deal
    left join with_contact on deal.deal = with_contact.deal
    where
        not coalesce(deal.is_deleted, false)
        and (select count(*) from deal_contact) > 0

)

select
    count(*) filter (is_offending) as offending_rows,
    count(*) as of_rows,
    min(deal, 5) filter (is_offending) as examples
from judged
