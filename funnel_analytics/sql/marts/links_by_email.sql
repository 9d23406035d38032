-- One row per e-mail hash and person, as far as ids tell them apart, whom it joins to others.
-- params: none
create or replace temp table links as
select
    person as node,
    email_node as other
from email_persons
where
    not is_torn
    and not is_other
