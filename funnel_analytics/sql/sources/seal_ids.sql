-- One row per id sealed for the first time.
-- params: none
insert into sealed_id
select
    given_seals.pseudonym,
    given_seals.sealed
from given_seals
where
    not exists (
        select 1 from sealed_id
        where sealed_id.pseudonym = given_seals.pseudonym
    )
