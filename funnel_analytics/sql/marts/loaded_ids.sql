-- One row per id of a person (a lead or a contact) or of a deal that some export brought; a lead or
-- a contact may name a deal that no table of deals has.
-- params: none
create or replace view loaded_ids as
select
    'person' as kind,
    lead as id
from lead
union
select
    'person' as kind,
    contact as id
from contact
union
select
    'deal' as kind,
    deal as id
from deal
union
select
    'deal' as kind,
    deal as id
from lead
where deal is not null
union
select
    'deal' as kind,
    deal as id
from deal_contact
