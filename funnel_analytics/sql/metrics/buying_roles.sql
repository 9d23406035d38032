-- One row per counted deal created in the period (`deal_no`) and role of the people on it; a
-- missing role is that of people for whom none is stated.
-- params: period_start, period_end, by, minimum_group_size, folded, timezone
with

{{ asked_deals() }}

on_deals as (

    select distinct
        asked_deals.deal_no,
        deal_roles.role
    from asked_deals
    inner join deal_roles on asked_deals.deal = deal_roles.deal

)

select
    deal_no,
    role
from on_deals
order by
    deal_no,
    role
