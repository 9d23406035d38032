-- One row per node that ids link to a smaller one: the smallest, which stands for the person.
-- params: none
create or replace temp table persons_by_ids as
select
    node,
    component
from components
