-- One row per record of a Parquet file, none of them read: the names and types of its columns.
-- params: path
select *
from read_parquet($path, hive_partitioning = false)
where false
