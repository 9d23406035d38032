-- One row: nodes whose parent has a parent.
-- params: none
select count(*) as nodes
from parents
inner join parents as above on parents.parent = above.node
