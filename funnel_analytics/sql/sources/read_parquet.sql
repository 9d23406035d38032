-- One row per record of a Parquet file: some of its columns as JSON.
-- params: path, columns
with

columns_of_record as (

    select columns(lambda name: list_contains($columns, name))
    from read_parquet($path, hive_partitioning = false)

)

select to_json(columns_of_record)
from columns_of_record
