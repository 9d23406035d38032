-- One row per file name that holds an e-mail address or a telephone number.
-- params: names
select name
from (select unnest($names) as name) as given
where is_personal(plain_text(name))
order by name
