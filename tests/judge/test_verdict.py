"""Parsing of answers: lenient about form, strict about meaning."""

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from soak import fuzz

from humorrank.errors import HumorRankError
from humorrank.judge import TAXONOMY, Taxonomy, Verdict, VerdictError, parse_verdict, verdict_schema
from humorrank.judge.verdict import MOST_BYTES

ANSWER = {
    "reasoning": 'B is "late"; not A.',
    "decision": "A",
    "winner_humor_features": ["wordplay", "irony"],
    "winner_delivery_features": ["timing"],
    "loser_features": ["cliché"],
}
TEXT = json.dumps(ANSWER)
WHOLE = Verdict(**ANSWER)
OPEN = TEXT[:-1]
"""The rest of an object, without its opening brace."""


def code(text):
    with pytest.raises(VerdictError) as caught:
        parse_verdict(text)
    assert isinstance(caught.value, HumorRankError)
    assert str(caught.value)
    return caught.value.code


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        json.dumps(ANSWER, ensure_ascii=False, indent=4),
        "\ufeff" + TEXT,
        f"```json\n{TEXT}\n```",
        f"```\n{TEXT}",
        f"Here is my verdict (as JSON):\n\n{TEXT}\n\nTell me if you need {{more}}!",
        f"{OPEN},}}",
        f"```json\n{OPEN},\n}}\n```",
        OPEN,
        TEXT[:-2],
        TEXT[1:],
        TEXT.replace('["timing"]', '["timing",]'),
        TEXT.replace('"A", ', '"A" '),
        TEXT.replace('"decision"', "decision"),
        TEXT.replace('"A"', '"a"'),
        TEXT.replace('"A"', '" A "'),
        TEXT.replace('"A"', "A"),
        TEXT.replace('"decision"', '"Decision"'),
        TEXT.replace("winner_humor_features", "Winner Humor Features"),
        TEXT.replace("wordplay", "WORDPLAY").replace("irony", "Irony."),
        json.dumps({**ANSWER, "loser_features": ["Cliche"]}),
        json.dumps({**ANSWER, "loser_features": "cliche\u0301"}),
        json.dumps({**ANSWER, "winner_humor_features": "wordplay, irony"}),
        json.dumps({**ANSWER, "winner_humor_features": ["wordplay", "Irony", "irony"]}),
        json.dumps({**ANSWER, "confidence": 0.9, "more": {"a": [1]}}),
        json.dumps([ANSWER]),
    ],
)
def test_the_form_does_not_matter(text):
    assert parse_verdict(text) == WHOLE


def test_python_quotes_are_mended():
    text = "{'reasoning': 'so it is', 'decision': 'TIE', 'loser_features': ['confusing'],}"
    verdict = parse_verdict(text)
    assert (verdict.decision, verdict.reasoning) == ("TIE", "so it is")
    assert verdict.loser_features == ("confusing",)


def test_raw_control_characters_stay_in_the_reasoning():
    verdict = parse_verdict('{"reasoning": "one\ntwo\tthree\x01", "decision": "B"}')
    assert (verdict.decision, verdict.reasoning) == ("B", "one\ntwo\tthree\x01")


@pytest.mark.parametrize("form", ["{}", "{},"])
def test_a_missing_reasoning_is_an_empty_one(form):
    text = "{" + form.format('"decision": "B"') + "}"
    assert parse_verdict(text) == Verdict(
        reasoning="",
        decision="B",
        winner_humor_features=(),
        winner_delivery_features=(),
        loser_features=(),
    )
    assert parse_verdict('{"reasoning": null, "decision": "B"}').reasoning == ""


def test_a_cut_after_the_decision_keeps_what_is_there():
    for end in range(TEXT.index('"A"') + 3, len(TEXT)):
        verdict = parse_verdict(TEXT[:end])
        assert verdict.decision == "A"
        assert verdict.reasoning == WHOLE.reasoning


def test_a_cut_before_the_end_of_the_decision_decides_nothing():
    for end in range(TEXT.index('"A"') + 3):
        code(TEXT[:end])
    for word in ("A", "B", "TIE"):
        assert code(f'{{"decision": "{word}') == "bad_decision"
        assert code(f'{{"decision": {word}') == "bad_decision"
    assert code('{"decision": "T') == "bad_decision"
    assert code('{"decision": "T"}') == "bad_decision"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (None, "empty"),
        ("", "empty"),
        (" \n\t\ufeff", "empty"),
        ("A", "no_object"),
        ("decision: A", "no_object"),
        ("I'm sorry, but I can't judge jokes about this.", "no_object"),
        ("null", "no_object"),
        ("[]", "no_object"),
        ('"A"', "no_object"),
        ("{}", "no_decision"),
        ('{"winner": "A"}', "no_decision"),
        ('{"verdict": {"decision": "A"}}', "no_decision"),
        ('{"final_decision": "A"}', "no_decision"),
        ('{"error": {"message": "overloaded"}}', "no_decision"),
        ('{"decision": null}', "bad_decision"),
        ('{"decision": ""}', "bad_decision"),
        ('{"decision": 1}', "bad_decision"),
        ('{"decision": true}', "bad_decision"),
        ('{"decision": ["A"]}', "bad_decision"),
        ('{"decision": {"A": 1}}', "bad_decision"),
        ('{"decision": "A or B"}', "bad_decision"),
        ('{"decision": "A|B|TIE"}', "bad_decision"),
        ('{"decision": "A", "B"}', "bad_decision"),
        ('{"decision": "A" or "B",}', "bad_decision"),
        ('{"decision": "C"}', "bad_decision"),
        ('{"decision": "draw"}', "bad_decision"),
        ('{"decision": "\u0410"}', "bad_decision"),
        ('{"decision": "\uff21"}', "bad_decision"),
        ('{"decision": "t\u0131e"}', "bad_decision"),
        ('{"decision": "A", "decision": "A"}', "doubled_decision"),
        ('{"decision": "A", "decision": "A",}', "doubled_decision"),
        ('{"decision": "A", "decision": "B"}', "contradiction"),
        ('{"decision": "A", "Decision": "B"}', "contradiction"),
        ('{"decision": "A", "decision": "B",}', "contradiction"),
        ('{"decision": "A", decision: "B"}', "contradiction"),
        ("{'decision': 'A', \"decision\": 'B'}", "contradiction"),
        ('{"decision": "A", "\\u0064ecision": "B"}', "contradiction"),
        ('{"\\u0064ecision": "A", "decision": "B",}', "contradiction"),
        ('{"decision": "A", "x": {"decision": "B"}}', "contradiction"),
        ('{"decision": "A", "x": [[{"decision": "B"}]],}', "contradiction"),
        ('{"decision": "A"}\n{"decision": "B"}', "contradiction"),
        ('{"decision": "A"}\n{"decision": "B"', "contradiction"),
        ('[{"decision": "A"}, {"decision": "B"}]', "contradiction"),
        ('Decision: B\n```json\n{"decision": "A"}\n```', "contradiction"),
        ('{"decision": "A"}\nSo my decision is B.', "contradiction"),
        ('{"decision": "A"} {"decision": "A"}', "doubled_decision"),
    ],
)
def test_what_does_not_decide_once_is_refused(text, wanted):
    assert code(text) == wanted


@pytest.mark.parametrize(
    "reasoning",
    [
        "My decision: B",
        '"decision": "B", is what a fool would say',
        "{'decision': 'B'}",
        '{"decision": "B"}',
        "B. B! TIE?",
    ],
)
def test_words_in_the_reasoning_decide_nothing(reasoning):
    verdict = parse_verdict(json.dumps({**ANSWER, "reasoning": reasoning}))
    assert (verdict.decision, verdict.reasoning) == ("A", reasoning)
    alone = json.dumps({"reasoning": reasoning})
    assert code(alone) == "no_decision"
    for end in range(1, len(alone)):
        code(alone[:end])
    for quote in ('"', "'"):
        code(f"{{{quote}reasoning{quote}: {quote}{reasoning}")
        code(f"{{{quote}reasoning{quote}: {quote}so, {reasoning}, and")


def test_more_than_64_kib_is_refused_however_good_it_is():
    size = MOST_BYTES - len(json.dumps({**ANSWER, "reasoning": ""}))
    longest = json.dumps({**ANSWER, "reasoning": "x" * size})
    assert parse_verdict(longest).decision == "A"
    assert parse_verdict(longest[:-2] + ",}").decision == "A"
    assert code(longest + " ") == "too_long"
    assert code(json.dumps({"reasoning": "漢" * 22_000, "decision": "A"}, ensure_ascii=False)) == (
        "too_long"
    )


def test_deep_nesting_is_an_error_and_no_crash():
    for levels in (100, 1_000, 10_000):
        for text in ('{"a":' * levels, "[" * levels, '{"decision":"A","x":' + "[" * levels):
            assert code(text) in ("too_deep", "no_decision", "no_object")
    deep = '{"decision": "A", "reasoning": ' + "[" * 500 + "]" * 500 + "}"
    assert parse_verdict(deep).decision == "A"


@pytest.mark.parametrize("piece", ['x"y ', '":"', '",', "{", "(", "\\", "'", "\u201c[", '漢,"'])
def test_no_text_takes_long(piece):
    for head in ('{"decision": "A", "reasoning": "', "{'decision': 'A', 'reasoning': '", ""):
        for tail in ("", '",}'):
            size = (MOST_BYTES - 100) // len(piece.encode())
            fuzz.check(head + piece * size + tail)


def test_unknown_labels_are_kept_apart_as_they_were_written():
    text = json.dumps(
        {
            **ANSWER,
            "winner_humor_features": ["Slapstick", "wordplay", "timing", "slapstick", None, 7],
            "loser_features": {"weak": True},
        }
    )
    verdict = parse_verdict(text)
    assert verdict.winner_humor_features == ("wordplay",)
    assert verdict.loser_features == ()
    assert verdict.unknown_labels == {
        "winner_humor_features": ("Slapstick", "timing", "slapstick", "7"),
        "loser_features": ('{"weak": true}',),
    }


def test_another_taxonomy_knows_other_labels():
    own = Taxonomy(humor=("Slapstick",), delivery=("timing",), failures=("漢字",))
    text = json.dumps({**ANSWER, "winner_humor_features": ["slap stick", "wordplay"]})
    verdict = parse_verdict(text, own)
    assert verdict.winner_humor_features == ("Slapstick",)
    assert verdict.unknown_labels["winner_humor_features"] == ("wordplay",)


def test_what_no_file_can_hold_is_replaced():
    verdict = parse_verdict('{"reasoning": "\\ud800 \\ud83d\\ude00 \\u0000", "decision": "A"}')
    assert verdict.reasoning == "\ufffd \U0001f600 \ufffd"
    assert parse_verdict('{"reasoning": "\ud800", "decision": "A",}').reasoning == "\ufffd"


def test_the_schema_asks_for_what_is_read():
    schema = verdict_schema()
    assert list(schema["properties"]) == list(ANSWER)
    assert schema["required"] == list(ANSWER)
    assert schema["additionalProperties"] is False
    assert schema["properties"]["decision"]["enum"] == ["A", "B", "TIE"]
    for name, kind in (
        ("winner_humor_features", "humor"),
        ("winner_delivery_features", "delivery"),
        ("loser_features", "failures"),
    ):
        labels = schema["properties"][name]
        assert labels["items"]["enum"] == list(getattr(TAXONOMY, kind))
        assert (labels["minItems"], labels["maxItems"]) == (1, 3)
    own = Taxonomy(("x",), ("y",), ("z",))
    assert verdict_schema(own)["properties"]["loser_features"]["items"]["enum"] == ["z"]


def test_an_error_travels_between_processes():
    with pytest.raises(VerdictError) as caught:
        parse_verdict("{}")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.code) == (str(caught.value), "no_decision")


@given(st.text())
def test_any_reasoning_comes_back_whole(reasoning):
    text = json.dumps({**ANSWER, "reasoning": reasoning}, ensure_ascii=False)
    assert parse_verdict(text).reasoning == reasoning.replace("\0", "\ufffd")


@given(st.text(alphabet=st.sampled_from("{}[]\",:'\\ ABTIEdecison\n")))
def test_no_text_is_a_crash_or_an_invented_verdict(text):
    fuzz.check(text)
    fuzz.check('{"decision": "A", ' + text)
    fuzz.check('{"reasoning": "' + text + '", "decision": "B",}')


@pytest.mark.slow
def test_mutated_answers_keep_to_what_they_say():
    ends = [
        fuzz.check(text, wanted, refused)[0]
        for text, wanted, refused in fuzz.mutations(20_000, seed=20)
    ]
    assert {"A", "B", "TIE", "unclear", "contradiction", "no_decision"} <= set(ends)
