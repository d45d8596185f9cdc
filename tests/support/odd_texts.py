"""Names and words that are easily misread by a parser."""

PLAIN = ["llama-3", "GPT 4", "gpt 4", "007", "7", "Ünïcödé", "模型 1", "😂", "e\u0301", "é"]
ODD = [
    "Smith, John",
    'the "best"',
    '"Nobody" wins',
    " padded ",
    "semi;colon",
    "back\\slash",
    "#comment",
    "it's",
    "line\u2028end",
    "next\u0085line",
    "[list]",
    "{}",
    "NaN?",
    "-",
]
BROKEN = ["two\nlines", "two\r\nlines", "tab\there", 'a "quoted"\nline', "\nfirst", "last\n"]
NUMBERS = ["3", "14", "15", "92", "65", "1000000"]
LOOK_ALIKES = ["null", "NaN", "None", "true", "1.0", "1e3", "inf", "x" * 5000, "=1+1", "N/A"]
NOT_UTF_8 = "\ue000"
OWN = (
    {"a": ["1-0", "White"], "b": ["0-1"], "tie": ["1/2-1/2"], "both_bad": ["0-0"], "skip": ["*"]},
    {"a": ["gewonnen"], "b": ["VERLOREN"], "tie": ["remis", "Unentschieden"], "skip": ["unklar"]},
    {"a": ["1"], "b": ["2"], "tie": ["0"]},
)
