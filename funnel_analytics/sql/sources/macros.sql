-- One row per call: text of an export as a value. Each macro answers NULL for text it cannot read.
-- params: none

-- Text in composed form without surrounding blanks; no-break spaces are spaces, zero-width
-- characters and the mark of a typed cell are nothing. What is clean already is taken as it is.
create or replace temp macro plain_text(raw) as
    case
        when
            regexp_full_match(
                raw,
                '[!-~\x{A1}-\x{AC}\x{AE}-\x{17F}€–]+( [!-~\x{A1}-\x{AC}\x{AE}-\x{17F}€–]+)*'
            )
            then raw
        else
            trim(
                regexp_replace(
                    regexp_replace(
                        nfc_normalize(raw), '[\x{2}\x{200B}-\x{200D}\x{FEFF}]', '', 'g'
                    ),
                    '[\x{00A0}\x{202F}\t\r\n ]+',
                    ' ',
                    'g'
                )
            )
    end;

create or replace temp macro clean_text(raw, missing) as
    case
        when list_contains(missing, plain_text(raw)) then null
        else nullif(plain_text(raw), '')
    end;

-- The value that a preset gives for a word; without one, the word. Case does not count where no
-- spelling is exactly the same.
create or replace temp macro translated(clean, words, small_words, meanings) as
    coalesce(
        list_extract(meanings, list_position(words, clean)),
        list_extract(meanings, list_position(small_words, lower(clean))),
        clean
    );

-- A Salesforce id of 15 characters in its form of 18: the last three say which letters are capital.
create or replace temp macro capitals_of(five) as
    substring(
        'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345',
        1
        + case when regexp_full_match(five[1], '[A-Z]') then 1 else 0 end
        + case when regexp_full_match(five[2], '[A-Z]') then 2 else 0 end
        + case when regexp_full_match(five[3], '[A-Z]') then 4 else 0 end
        + case when regexp_full_match(five[4], '[A-Z]') then 8 else 0 end
        + case when regexp_full_match(five[5], '[A-Z]') then 16 else 0 end,
        1
    );

create or replace temp macro salesforce_id(clean) as
    case
        when regexp_full_match(clean, '[0-9A-Za-z]{15}')
            then
                clean
                || capitals_of(substring(clean, 1, 5))
                || capitals_of(substring(clean, 6, 5))
                || capitals_of(substring(clean, 11, 5))
        else clean
    end;

-- The same for ids of leads and contacts only, which their beginning tells from other systems' ids.
create or replace temp macro salesforce_person(clean) as
    case
        when regexp_full_match(clean, '00[Q3][0-9A-Za-z]{12}') then salesforce_id(clean)
        else clean
    end;

-- The first 16 digits of a text's HMAC-SHA-256; the blocks are the key's.
create or replace temp macro keyed_hash(clean, inner_block, outer_block) as
    left(sha256(outer_block || unhex(sha256(inner_block || encode(clean)))), 16);

create or replace temp macro read_hash(clean) as
    case when regexp_full_match(clean, '[0-9a-f]{16}') then clean end;

-- Text as a search for addresses and numbers needs it: compatible signs and digits are one (what
-- NFKC makes of them), dashes are hyphens, invisible characters are nothing, blanks are spaces.
create or replace temp macro searchable(clean) as
    case
        when regexp_full_match(clean, '[ -~\x{C0}-\x{17F}€]*') then clean
        else
            translate(
                regexp_replace(
                    regexp_replace(
                        regexp_replace(
                            clean,
                            '[\p{Cf}\x{34F}\x{115F}\x{1160}\x{17B4}\x{17B5}\x{180B}-\x{180F}'
                            || '\x{3164}\x{FE00}-\x{FE0F}\x{FFA0}\x{E0000}-\x{E0FFF}]',
                            '',
                            'g'
                        ),
                        '[\p{Pd}\x{2212}\x{2043}]',
                        '-',
                        'g'
                    ),
                    '[\p{Z}\p{Cc}]+',
                    ' ',
                    'g'
                ),
                '٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉⓪①②③④⑤⑥⑦⑧⑨⁺⁽⁾₊₍₎﬩︵︶﹇﹈﹒․﹙﹚﹢﹪﹫％（）＋．／＠［］'
                || '０１２３４５６７８９𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗𝟘𝟙𝟚𝟛𝟜𝟝𝟞𝟟𝟠𝟡𝟢𝟣𝟤𝟥𝟦𝟧𝟨𝟩𝟪𝟫𝟬𝟭𝟮𝟯𝟰𝟱𝟲𝟳𝟴𝟵𝟶𝟷𝟸𝟹𝟺𝟻𝟼𝟽𝟾𝟿🯰🯱🯲🯳🯴🯵🯶🯷🯸🯹',
                '01234567890123456789012345678901234567890123456789+()+()+()[]..()+%@%()+./@[]'
                || '0123456789012345678901234567890123456789012345678901234567890123456789'
            )
    end;

-- Text in which days, spans of days or hours and UUIDs are blanked out: their digits are no number
-- to call.
create or replace temp macro without_days(text) as
    regexp_replace(
        regexp_replace(
            text,
            '(?i)\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b'
            || '|\b(19|20)\d\d([-./])(0[1-9]|1[0-2])([-./])(0[1-9]|[12]\d|3[01])\b',
            '~',
            'g'
        ),
        '(^|[^\d./()+-]|[^\d][./-])'
        || '('
        || '(0?[1-9]|[12]\d|3[01])([-./ ]{1,2})(0?[1-9]|1[0-2])([-./ ]{1,2})(19|20)\d\d\b'
        || '|(0?[1-9]|1[0-2])[./-](0?[1-9]|[12]\d|3[01])[./-](19|20)\d\d\b'
        || '|(0[1-9]|[12]\d|3[01])(0[1-9]|1[0-2])(19|20)\d\d\b'
        || '|(0?[1-9]|1[0-2])[./-](19|20)\d\d\b'
        || '|(0[1-9]|[12]\d|3[01])\.(0[1-9]|1[0-2])\.\d\d'
        || '( ?- ?(0[1-9]|[12]\d|3[01])\.(0[1-9]|1[0-2])\.\d\d)?($|[^\d./-])'
        || '|([01]\d|2[0-4])[.:][0-5]\d ?- ?([01]\d|2[0-4])[.:][0-5]\d($|[^\d./-])'
        || ')',
        '\1~',
        'g'
    );

-- What looks like an e-mail address, alone or within a text: `a@b`, also with `%40`, `(at)`, `[at]`
-- or blanks around the sign. A letter is what is no sign of ASCII: the class of all letters takes
-- long to compile, and every column of a file is searched.
create or replace temp macro has_address(text) as
    case
        when not regexp_matches(text, '@|%40|[(\[{]') then false
        else
            regexp_matches(
                text,
                replace(
                    replace(
                        '(<word>|[_.+''"-])@(<word>|\[)'
                        || '|(<word>|[_.+-])%40[\d-]*<letter>'
                        || '|(<word>|[_.+-]) ?@ ?<word>(<word>|[.-])*\.<letter>{2,}'
                        || '|(<word>|[_.+-]) ?[(\[{] ?([aA][tT]|@) ?[)\]}] ?<letter>',
                        '<word>',
                        '[^\x00-/:-@\[-`{-\x7F]'
                    ),
                    '<letter>',
                    '[^\x00-@\[-`{-\x7F]'
                )
            )
    end;

-- What looks like a telephone number, alone or within a text: `+49 …`, `0049 …`, national numbers
-- that begin with 0 or (0, `49 221 7654321`, `555-765-4321`, and what follows `tel:`.
create or replace temp macro has_number(text) as
    case
        when not regexp_matches(text, '([0-9][^0-9]*){6}') then false
        else
            regexp_matches(
                without_days(lower(text)),
                '\+ ?\(?[1-9]\d{0,3}(?:[ ()/.-]{0,3}\d){7,}'
                || '|(?:^|[^\da-z.,:/''-]|[^\d][.,:/-]|^[.,:/-]'
                || '|(?:tel|fon|phone|fax|mobile?|handy))(?:'
                || '00 ?[1-9](?:[ ()/.-]{0,3}\d){8,}(?:$|[^\da-z])'
                || '|\(?0[1-9]\d{5,}(?:$|[^\da-z])'
                || '|\(?0[1-9][ ()/.-]{1,3}\d(?:[ ()/.-]{0,3}\d){4,}'
                || '|\(?0[1-9]\d[ ()/.-]{1,3}\d(?:[ ()/.-]{0,3}\d){3,}'
                || '|\(?0[1-9]\d\d[ ()/.-]{1,3}\d(?:[ ()/.-]{0,3}\d){2,}'
                || '|\(?0[1-9]\d{3,}[ ()/.-]{1,3}\d(?:[ ()/.-]{0,3}\d)+'
                || '|\(0\) ?[1-9](?:[ ()/.-]{0,3}\d){5,}'
                || '|\(?[2-9]\d{2}\)?[ .-]{1,2}\d{3}[ .-]\d{4}(?:$|[^\d.,])'
                || '|\([2-9]\d{2}\)\d{3}[ .-]?\d{4}(?:$|[^\d.,])'
                || '|\(?(?:1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]'
                || '|35[0-9]|38[0-9]|42[013])'
                || '\)?[ /-]{1,2}\(?(?:\d{2,3}|[13-9]\d{3}|2[1-9]\d{2})\)?[ /-]{1,3}'
                || '(?:\d{4,}|\d{3}[ -]\d{4}|\d{3}(?:[ -]\d{2}){2}|\d{2}(?:[ -]\d{2}){2,})'
                || '(?:$|[^\d.,])'
                || ')'
                || '|(?:tel|telefon|telephone|fon|phone|fax|mobil|mobile|handy)[.:]{1,2} ?\+?\(?\d'
                || '(?:[ ()/.-]{0,3}\d){5,}'
            )
    end;

create or replace temp macro looks_like_email(clean) as has_address(searchable(clean));

create or replace temp macro is_personal(clean) as
    has_address(searchable(clean)) or has_number(searchable(clean));

-- Whether seven digits stand in a row, perhaps with signs between them, that are no day.
create or replace temp macro has_long_number(text) as
    regexp_matches(
        regexp_replace(
            text, '\d{4}[./-]\d{1,2}[./-]\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}', '~', 'g'
        ),
        '\d([ ()/.-]{0,3}\d){6,}'
    );

create or replace temp macro has_unknown_word(clean, known) as
    not list_has_all(
        known, list_transform(regexp_extract_all(clean, '\p{L}+'), lambda word: lower(word))
    );

-- A text that could not be read, fit to be kept: letters are x but in known words. Where letters
-- are hidden, digits are 9, and so they are in what may be somebody's address or number.
create or replace temp macro masked(clean, known, is_number) as
    array_to_string(
        list_transform(
            regexp_extract_all(
                left(
                    case
                        when
                            has_unknown_word(clean, known)
                            or is_personal(clean)
                            or (not is_number and has_long_number(searchable(clean)))
                            then regexp_replace(clean, '\p{N}', '9', 'g')
                        else clean
                    end,
                    200
                ),
                '\p{L}+|[^\p{L}]+'
            ),
            lambda word: case
                when list_contains(known, lower(word)) then word
                else regexp_replace(word, '\p{L}', 'x', 'g')
            end
        ),
        ''
    );

-- A number without the sign of its currency or per cent before or behind it.
create or replace temp macro bare_number(clean) as
    case
        when
            regexp_full_match(
                clean,
                '[-+−]?([A-Z]{3}|[€$£¥]|Fr\.) ?[-+−]?\d[\d., ''’]*|'
                || '[-+−]?\d[\d., ''’]*( ?([A-Z]{3}|[€$£¥%]|Fr\.))?'
            )
            then
                trim(
                    regexp_replace(
                        translate(clean, '−’', '-'''), '[A-Z]{3} ?|[€$£¥%] ?|Fr\. ?', ''
                    )
                )
        else clean
    end;

-- The currency that is written with a number, as its code.
create or replace temp macro written_currency(clean) as
    case
        when regexp_matches(clean, '^[-+−]?[A-Z]{3} ?[-+−]?\d|\d ?[A-Z]{3}$')
            then regexp_extract(clean, '[A-Z]{3}')
        when contains(clean, '€') then 'EUR'
        when contains(clean, '£') then 'GBP'
        when contains(clean, 'Fr.') then 'CHF'
        when contains(clean, '$') then '$'
        when contains(clean, '¥') then '¥'
    end;

create or replace temp macro is_currency(written, code) as
    written is null
    or coalesce(
        case written
            when '$'
                then
                    upper(code) in (
                        'USD', 'CAD', 'AUD', 'NZD', 'SGD', 'HKD', 'TWD', 'MXN', 'ARS', 'CLP', 'COP'
                    )
            when '¥' then upper(code) in ('JPY', 'CNY')
            else upper(code) = written
        end,
        false
    );

-- A number with the stated decimal and thousands marks: 1.234,50 and also 144, and ,5 as some
-- tools write them; 1.2345,00 and 1e3 are none.
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

create or replace temp macro read_marked(clean, decimal_mark, thousands_mark) as
    case
        when regexp_full_match(
            without_thousands(clean, decimal_mark, thousands_mark),
            case decimal_mark
                when ',' then '[-+]?(\d+(,\d*)?|,\d+)'
                when '.' then '[-+]?(\d+(\.\d*)?|\.\d+)'
            end
        )
            then
                finite_number(
                    replace(
                        without_thousands(clean, decimal_mark, thousands_mark), decimal_mark, '.'
                    )
                )
    end;

create or replace temp macro read_number(clean, decimal_mark, thousands_mark) as
    coalesce(
        read_marked(clean, decimal_mark, thousands_mark),
        read_marked(bare_number(clean), decimal_mark, thousands_mark)
    );

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

-- The same local time a day later, of an instant in naive UTC.
create or replace temp macro next_day(instant, zone) as
    timezone('UTC', timezone(zone, timezone(zone, timezone('UTC', instant)) + interval 1 day));

-- An ISO 8601 instant as naive UTC: with Z or an offset as it says, naive in the stated zone.
create or replace temp macro read_iso(clean, zone) as
    case
        when regexp_full_match(clean, '\d{4}-\d{2}-\d{2}')
            then utc_of(try_strptime(clean, '%Y-%m-%d'), zone)
        when regexp_full_match(clean, '\d{4}-\d{2}-\d{2}[T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?')
            then utc_of(try_cast(replace(clean, 'T', ' ') as timestamp), zone)
        when
            regexp_full_match(
                clean,
                '\d{4}-\d{2}-\d{2}[T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)? ?'
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

-- A form with an offset says itself which instant is meant.
create or replace temp macro read_offset(clean, format) as
    plausible(timezone('UTC', try_strptime(clean, format)));

-- The name of a month, English or German, as its number: 31. März 2026 is 31. 3 2026.
create or replace temp macro numbered_month(clean, names, numbers) as
    regexp_replace(
        clean,
        '\p{L}+\.?',
        coalesce(
            list_extract(numbers, list_position(names, lower(regexp_extract(clean, '\p{L}+')))),
            '?'
        )
    );

-- Days since a spreadsheet's first one; to the millisecond, since fractions of a day are rounded.
create or replace temp macro read_serial(clean, first_day, zone) as
    case
        when regexp_full_match(clean, '\d{1,6}([.,]\d+)?')
            then
                utc_of(
                    first_day
                    + to_microseconds(
                        1000
                        * cast(
                            round(86400000 * try_cast(replace(clean, ',', '.') as double)) as bigint
                        )
                    ),
                    zone
                )
    end;

create or replace temp macro read_epoch(clean, digits, microseconds) as
    case
        when regexp_full_match(clean, '\d+') and length(clean) between digits - 1 and digits
            then plausible(make_timestamp(try_cast(clean as bigint) * microseconds))
    end;
