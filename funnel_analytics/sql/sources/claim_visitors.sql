-- One row per web visitor that is the person's alone.
-- params: none
insert into person_ids
select distinct
    'visitor' as kind,
    person_visitors.visitor as id
from person_visitors
where
    person_visitors.visitor not in (
        select person_ids.id from person_ids
        where person_ids.kind = 'visitor'
    )
