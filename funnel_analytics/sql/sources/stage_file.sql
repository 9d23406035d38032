-- One row per record of a clean copy: its line in the export and its fields as text.
-- params: path, columns, never
create or replace temp table staged as
select *
from
    read_csv(
        $path,
        header = false,
        auto_detect = false,
        columns = $columns,
        delim = ',',
        quote = '"',
        escape = '"',
        strict_mode = true,
        nullstr = $never,
        max_line_size = 67108864,
        buffer_size = 134217728
    )
