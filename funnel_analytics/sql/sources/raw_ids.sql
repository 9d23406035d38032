-- One row per id that the records just parsed bring, as the system writes it.
-- params: none
select distinct {{ raw }} as raw_id
from parsed
where
    is_kept
    and is_good
    and v{{ number }} is not null
order by raw_id
