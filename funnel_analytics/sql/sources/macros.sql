-- One row per call: text of an export as a value. Each macro answers NULL for text it cannot read.
-- params: none

-- Text in composed form without surrounding blanks; no-break spaces are spaces, zero-width
-- characters are nothing.
create or replace temp macro plain_text(raw) as
    trim(
        regexp_replace(
            regexp_replace(nfc_normalize(raw), '[\x{200B}-\x{200D}\x{FEFF}]', '', 'g'),
            '[\x{00A0}\x{202F}\t\r\n ]+',
            ' ',
            'g'
        )
    );

create or replace temp macro clean_text(raw, missing) as
    case
        when list_contains(missing, plain_text(raw)) then null
        else nullif(plain_text(raw), '')
    end;

-- A number with the stated decimal and thousands marks; 1.2345,00 and 1e3 are none.
create or replace temp macro without_thousands(clean, decimal_mark, thousands_mark) as
    case
        when thousands_mark = '' then clean
        when regexp_full_match(
            replace(split_part(clean, decimal_mark, 1), thousands_mark, '_'),
            '[-+]?\d{1,3}(_\d{3})+'
        )
            then replace(clean, thousands_mark, '')
        else clean
    end;

create or replace temp macro finite_number(digits) as
    case when isfinite(try_cast(digits as double)) then try_cast(digits as double) end;

create or replace temp macro read_number(clean, decimal_mark, thousands_mark) as
    case
        when regexp_full_match(
            without_thousands(clean, decimal_mark, thousands_mark),
            case decimal_mark when ',' then '[-+]?\d+(,\d+)?' when '.' then '[-+]?\d+(\.\d+)?' end
        )
            then
                finite_number(
                    replace(
                        without_thousands(clean, decimal_mark, thousands_mark), decimal_mark, '.'
                    )
                )
    end;

create or replace temp macro read_boolean(clean) as
    case
        when lower(clean) in ('true', 't', '1', 'yes', 'y', 'ja', 'j', 'wahr') then true
        when lower(clean) in ('false', 'f', '0', 'no', 'n', 'nein', 'falsch') then false
    end;

-- Years outside of these are slips of the pen: two digits read as four, or a stray key.
create or replace temp macro plausible(instant) as
    case
        when instant >= timestamp '1950-01-01' and instant < timestamp '2200-01-01' then instant
    end;

-- A local time as naive UTC. An hour that comes twice is the first; one that the clocks leave out
-- does not exist, but a day that begins with such an hour begins after it.
create or replace temp macro utc_of(local_at, zone) as
    case
        when
            timezone(zone, timezone(zone, plausible(local_at))) <> local_at
            and local_at <> date_trunc('day', local_at)
            then null
        when
            timezone(zone, timezone(zone, plausible(local_at)) - interval 1 hour) = local_at
            then timezone('UTC', timezone(zone, plausible(local_at)) - interval 1 hour)
        else timezone('UTC', timezone(zone, plausible(local_at)))
    end;

-- An ISO 8601 instant as naive UTC: with Z or an offset as it says, naive in the stated zone.
create or replace temp macro read_iso(clean, zone) as
    case
        when regexp_full_match(clean, '\d{4}-\d{2}-\d{2}')
            then utc_of(try_strptime(clean, '%Y-%m-%d'), zone)
        when regexp_full_match(clean, '\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?')
            then utc_of(try_cast(replace(clean, 'T', ' ') as timestamp), zone)
        when
            regexp_full_match(
                clean,
                '\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)? ?'
                || '(Z|UTC|[+-](0\d|1[0-4])(:?[0-5]\d)?)'
            )
            then
                plausible(
                    timezone(
                        'UTC',
                        try_cast(
                            regexp_replace(
                                regexp_replace(replace(clean, 'T', ' '), ' ?(Z|UTC)$', '+00:00'),
                                '([+-]\d{2}):?(\d{2})$',
                                '\1:\2'
                            ) as timestamptz
                        )
                    )
                )
    end;

create or replace temp macro read_formatted(clean, format, zone) as
    utc_of(try_strptime(clean, format), zone);

create or replace temp macro looks_like_other_date(clean) as
    regexp_matches(clean, '^\d{1,2}[./-]\d{1,2}[./-]\d{2,4}');

create or replace temp macro fits_both_orders(clean) as
    try_cast(regexp_extract(clean, '^(\d{1,2})[./-](\d{1,2})', 1) as integer) <= 12
    and try_cast(regexp_extract(clean, '^(\d{1,2})[./-](\d{1,2})', 2) as integer) <= 12;
