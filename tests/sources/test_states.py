"""What a CRM's words mean: the agreement first, then the preset, then the CRM's own labels."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from funnel_analytics.agreement import STATUSES, parse_agreement
from funnel_analytics.errors import SourceError
from funnel_analytics.sources.states import Meaning, StateLabel, StateWords
from tests.sources.drawn import AGREEMENT, PRESET, Drawn

WORDS = StateWords(
    parse_agreement(AGREEMENT, name="drawn"),
    {
        ("crm", "Demo booked"): "opportunity",
        ("crm", "opp"): "lost",  # the agreement says otherwise
        ("crm", "SAL"): "sales_accepted",  # no agreed stage
        ("crm", "Dead"): "lost",
        ("crm", "Closed Won"): "won",
    },
    {
        ("crm", "11"): StateLabel("Working - Contacted", None, None),
        ("crm", "12"): StateLabel("Demo booked", True, True),
        ("crm", "13"): StateLabel("Gewonnen!", True, True),
        ("crm", "14"): StateLabel("Vorbei", False, True),
        ("crm", "15"): StateLabel("Irgendwo", False, False),
        ("crm", "opp"): StateLabel(None, True, True),
    },
)


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("opp", Meaning("opportunity", None)),  # included in a stage
        ("  working -  CONTACTED ", Meaning("opportunity", None)),  # whatever case and blanks
        ("Unqualified", Meaning(None, "rejected")),  # under [statuses]
        ("Inquiry", Meaning("inquiry", None)),  # a stage itself
        ("nurture", Meaning(None, "nurture")),  # a status itself
        ("won", Meaning("won", "won")),  # the won stage is the status won, too
        ("Demo booked", Meaning("opportunity", None)),  # the preset's word
        ("Dead", Meaning(None, "lost")),
        ("Closed Won", Meaning("won", "won")),
        ("SAL", None),  # a stage that this agreement does not have
        ("11", Meaning("opportunity", None)),  # its label is agreed
        ("12", Meaning("opportunity", None)),  # its label is in the preset, before is_won
        ("13", Meaning("won", "won")),  # what the CRM says of it
        ("14", Meaning(None, "lost")),
        ("15", None),
        ("nobody's", None),
    ],
)
def test_the_order_of_who_says(word: str, meaning: Meaning | None) -> None:
    assert WORDS.meaning("crm", word) == meaning


def test_words_of_another_system_are_another_matter() -> None:
    assert WORDS.meaning("erp", "Demo booked") is None
    assert WORDS.meaning("erp", "11") is None
    assert WORDS.meaning("erp", "opp") == Meaning("opportunity", None)


def test_a_won_stage_of_another_name_is_entered_by_the_status() -> None:
    agreement = parse_agreement(
        AGREEMENT.replace('name = "won"', 'name = "contract"'), name="contract"
    )
    words = StateWords(agreement, {}, {})
    assert words.meaning("crm", "won") == Meaning("contract", "won")
    assert words.meaning("crm", "contract") == Meaning("contract", "won")


def test_unknown_words_are_named_with_file_line_count_and_neighbour(tmp_path: Path) -> None:
    drawn = Drawn(tmp_path / "drawn")
    leads = "lead,created\na,2026-08-01\nb,2026-08-01"
    with pytest.raises(SourceError) as caught:
        drawn.load({
            "leads.csv": leads,
            "history.csv": "lead,state,at\na,opp,2026-08-02\na,unqualifed,2026-08-03\n"
            "b,unqualifed,2026-08-04",
            "states_2026-08-31.csv": "lead,state\na,Xyz",
        })  # fmt: skip
    assert str(caught.value).splitlines() == [
        "- history.csv: the state 'unqualifed' in 2 rows (first: line 3; stage_event) is not "
        "agreed. Did you mean 'unqualified'?",
        "- states_2026-08-31.csv: the state 'Xyz' in 1 row (first: line 2; snapshot) is not "
        "agreed.",
        "- Add each word to the `includes` of a stage, or to [statuses], of the agreement:",
        "",
        "[[stages]]  # one of inquiry, opportunity, won",
        "includes = [",
        '    "unqualifed",',
        '    "Xyz",',
        "]",
        "",
        "[statuses]  # or here",
        *(f"{status} = []" for status in STATUSES if status not in ("open", "won")),
        "",
        "Nothing was loaded.",
    ]


def test_a_word_is_told_once_with_all_its_files_and_tables(tmp_path: Path) -> None:
    both = PRESET.replace('pattern = "states*.csv"', 'pattern = "history*.csv"')
    drawn = Drawn(tmp_path / "drawn", preset=both)
    with pytest.raises(SourceError) as caught:
        drawn.load({
            "history_a.csv": "lead,state,at\na,Xyz,2026-08-02\na,Xyz,2026-08-03",
            "history_b.csv": "lead,state,at\nb,Xyz,2026-08-02",
        })  # fmt: skip
    message = str(caught.value)
    assert message.splitlines()[0] == (
        "- history_a.csv: the state 'Xyz' in 2 rows (first: line 2; snapshot, stage_event), "
        "history_b.csv in 1 row (first: line 2; snapshot, stage_event) is not agreed."
    )
    assert message.count("'Xyz'") == 1
    toml = message.partition("[[stages]]")[2].partition("Nothing")[0]
    assert tomllib.loads("[[stages]]" + toml)["stages"] == [{"includes": ["Xyz"]}]


def test_many_unknown_words_do_not_flood_the_message(tmp_path: Path) -> None:
    drawn = Drawn(tmp_path / "drawn")
    history = "\n".join(f"a,word {number:02d} zzz,2026-08-02" for number in range(30))
    with pytest.raises(SourceError) as caught:
        drawn.load({"history.csv": f"lead,state,at\n{history}"})
    message = str(caught.value)
    assert message.count("is not agreed") == 10
    assert "history.csv: 20 further states without an agreed meaning." in message


def test_what_a_preset_says_of_a_word_holds_unless_the_agreement_says_otherwise(
    tmp_path: Path,
) -> None:
    with_values = PRESET.replace(
        'state = "state"\nentered_at = "at"\n',
        'state = "state"\nentered_at = "at"\n'
        '[files.values.state]\n"Demo booked" = "opportunity"\nopp = "lost"\n',
    )
    drawn = Drawn(tmp_path / "drawn", preset=with_values)
    drawn.load({
        "leads.csv": "lead,created\na,2026-08-01",
        "history.csv": "lead,state,at\na,demo booked,2026-08-02\na,opp,2026-08-03",
    })  # fmt: skip
    assert drawn.rows("select state, stage, status from stage_event order by entered_at") == [
        ("demo booked", "opportunity", None),
        ("opp", "opportunity", None),
    ]


def test_a_stage_of_the_preset_that_is_not_agreed_is_said_so(tmp_path: Path) -> None:
    with_values = PRESET.replace(
        'state = "state"\nentered_at = "at"\n',
        'state = "state"\nentered_at = "at"\n[files.values.state]\nSAL = "sales_accepted"\n',
    )
    drawn = Drawn(tmp_path / "drawn", preset=with_values)
    with pytest.raises(SourceError, match=r"the state 'SAL' .* takes it for 'sales_accepted', "
                       r"which is no agreed stage\."):  # fmt: skip
        drawn.load({"history.csv": "lead,state,at\na,SAL,2026-08-02"})


def test_a_leads_own_state_becomes_its_status(tmp_path: Path) -> None:
    drawn = Drawn(
        tmp_path / "drawn",
        preset=PRESET.replace('origin = "origin"', 'origin = "origin"\nstate = "state"', 1),
    )
    drawn.load({"leads.csv": "lead,created,origin,state\na,2026-08-01,x,Unqualified\n"
                "b,2026-08-01,x,opp\nc,2026-08-01,x,won\nd,2026-08-01,x,"})  # fmt: skip
    assert drawn.rows("select lead, state, status from lead order by lead") == [
        ("crm:a", "Unqualified", "rejected"),
        ("crm:b", "opp", None),
        ("crm:c", "won", "won"),
        ("crm:d", None, None),
    ]
