-- One row: joins of ids that were not made, or are doubtful, since one key stands for several
-- people or companies; of these and the joins made. By rule.
-- params: none
select
    cast(coalesce(sum(conflicts), 0) as bigint) as offending_rows,
    cast(coalesce(sum(links + conflicts), 0) as bigint) as of_rows,
    list(struct_pack(rule := rule, found := conflicts) order by conflicts desc, rule asc) filter (
        conflicts > 0
    ) as examples
from identity_yield
