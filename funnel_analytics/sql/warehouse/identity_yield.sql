-- One row per rule that joins people, visitors and companies, in the order of the rules: what it
-- joined and where it met conflicts.
-- params: none
select
    rule,
    links,
    leads,
    touches,
    conflicts
from identity_yield
order by list_position(['ids', 'email', 'visitor', 'domain'], rule)
