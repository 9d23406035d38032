-- One row per load: the first load of the call that first loaded its file.
-- params: none
select
    load_no,
    coalesce(loaded_with, load_no) as loaded_with
from load_log
order by load_no
