-- One row per call: text of an export as a value. Each macro answers NULL for text it cannot read.
-- params: none

-- Text without surrounding blanks, no-break and zero-width spaces, in composed form.
create or replace temp macro clean_text(raw, missing) as
    case
        when list_contains(missing, trim(raw)) then null
        else nullif(
            trim(
                regexp_replace(
                    nfc_normalize(raw), '[\x{200B}-\x{200D}\x{FEFF}\x{00A0}\x{202F}]', '', 'g'
                )
            ),
            ''
        )
    end;

-- A number with the stated decimal and thousands marks; 1.2345,00 and 1e3 are none.
create or replace temp macro read_number(clean, decimal_mark, thousands_mark) as
    case
        when regexp_full_match(
            case
                when thousands_mark = '' then clean
                when regexp_full_match(
                    replace(split_part(clean, decimal_mark, 1), thousands_mark, '_'),
                    '[-+]?\d{1,3}(_\d{3})+'
                ) then replace(clean, thousands_mark, '')
                else clean
            end,
            case decimal_mark when ',' then '[-+]?\d+(,\d+)?' when '.' then '[-+]?\d+(\.\d+)?' end
        )
            then try_cast(
                replace(
                    case
                        when thousands_mark = '' then clean
                        else replace(clean, thousands_mark, '')
                    end,
                    decimal_mark,
                    '.'
                ) as double
            )
    end;

create or replace temp macro read_boolean(clean) as
    case
        when lower(clean) in ('true', 't', '1', 'yes', 'y', 'ja', 'j', 'wahr') then true
        when lower(clean) in ('false', 'f', '0', 'no', 'n', 'nein', 'falsch') then false
    end;

-- An ISO 8601 instant as naive UTC: with Z or an offset as it says, naive in the stated zone.
create or replace temp macro read_iso(clean, zone) as
    case
        when regexp_full_match(clean, '\d{4}-\d{2}-\d{2}')
            then timezone('UTC', timezone(zone, try_strptime(clean, '%Y-%m-%d')))
        when regexp_full_match(clean, '\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?')
            then timezone('UTC', timezone(zone, try_cast(replace(clean, 'T', ' ') as timestamp)))
        when regexp_full_match(
            clean,
            '\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)? ?(Z|UTC|[+-]\d{2}(:?\d{2})?)'
        )
            then timezone(
                'UTC',
                try_cast(
                    regexp_replace(
                        regexp_replace(replace(clean, 'T', ' '), ' ?(Z|UTC)$', '+00:00'),
                        '([+-]\d{2}):?(\d{2})$',
                        '\1:\2'
                    ) as timestamptz
                )
            )
    end;

create or replace temp macro read_formatted(clean, format, zone) as
    timezone('UTC', timezone(zone, try_strptime(clean, format)));

create or replace temp macro looks_like_other_date(clean) as
    regexp_matches(clean, '^\d{1,2}[./-]\d{1,2}[./-]\d{2,4}');

create or replace temp macro fits_both_orders(clean) as
    try_cast(regexp_extract(clean, '^(\d{1,2})[./-](\d{1,2})', 1) as integer) <= 12
    and try_cast(regexp_extract(clean, '^(\d{1,2})[./-](\d{1,2})', 2) as integer) <= 12;
