-- One row per sealed id with the pseudonym, or with the pseudonym after any system's prefix.
-- params: pseudonym
select
    pseudonym,
    sealed
from sealed_id
where
    pseudonym = $pseudonym
    or split_part(pseudonym, ':', 2) = $pseudonym
order by pseudonym
