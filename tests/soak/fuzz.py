"""Mutated answers of a judge, and checks of the results of parsing them.

`python tests/soak/fuzz.py --times 1000000 --seed 1` prints the number of each result, and the
slowest text.
"""

import argparse
import json
import random
import re
import time
from collections import Counter

from humorrank.judge import TAXONOMY, VerdictError, parse_verdict

LIMIT = 0.5
"""The limit on the processor time for one text, in seconds."""

WORDS = ["A", "B", "TIE"]
DECOYS = [
    'Joke A says "decision": "{}" out loud',
    "my decision: {} of course",
    "'decision': '{}', as it were",
    "{{'decision': '{}'}}",
    '{{"decision": "{}"}}',
    "so {} wins",
    "it is \\ tricky, \"very\", and 'short' \U0001f600 über 漢字",
    "decision",
    "both, either: none; [sic] {{maybe}}",
]
PIECES = [
    *"{}[]\",:'`\\/#()\n\t\0\x1b=-_.\u201c\u201d\u2018\u2019ABTabt ",
    '"decision"',
    '"decision": ',
    "'decision': 'B',",
    '"decision": "A"',
    "decision: TIE",
    '"DECISION":"b",',
    '\\"decision\\": \\"A\\"',
    '"\\u0064ecision": "B"',
    "```json\n",
    "```",
    "null",
    "true",
    "TIE",
    "//",
    "/*",
    "\ud800",
    "\u0410",
    "漢",
    "é",
    "\u0131",
    "\U0001f600",
    "<|im_end|>",
    "<think>",
]


def base(random):
    """Returns a well-formed answer and its decision."""
    decision = random.choice(WORDS)
    reasons = [
        random.choice(DECOYS).format(random.choice(WORDS)) for _ in range(random.randrange(4))
    ]
    answer = {
        "reasoning": ". ".join(reasons),
        "decision": decision,
        "winner_humor_features": random.sample(TAXONOMY.humor, random.randint(1, 3)),
        "winner_delivery_features": random.sample(TAXONOMY.delivery, random.randint(1, 3)),
        "loser_features": random.sample([*TAXONOMY.failures, "dull", "ζ"], random.randint(1, 3)),
    }
    if random.random() < 0.2:
        names = random.sample(list(answer), len(answer))
        answer = {name: answer[name] for name in names}
    return answer, decision


def other(random, decision):
    return random.choice([word for word in WORDS if word != decision])


def written(random, answer):
    return json.dumps(
        answer, ensure_ascii=random.random() < 0.3, indent=random.choice([None, None, 2])
    )


# Forms keep the meaning, so the decision must be found.


def fenced(random, text):
    return f"```{random.choice(['', 'json', 'JSON'])}\n{text}\n```"


def in_prose(random, text):
    return f"Sure, here it is:\n\n{text}\n\nI hope that helps!"


def raw_controls(random, text):
    return text.replace('reasoning": "', 'reasoning": "one\ntwo\tthree\x01', 1)


def respelled(random, text):
    for label in (*TAXONOMY.humor, *TAXONOMY.delivery):
        if random.random() < 0.3:
            text = text.replace(f'"{label}"', f'"{label.upper().replace("_", " ")}"')
    return text.replace("cliché", random.choice(["cliche", "CLICHÉ", "cliche\u0301"]))


FORMS = [fenced, in_prose, raw_controls, respelled, lambda random, text: text]

# Mends are not valid JSON but keep the meaning, so the decision must be found. They are applied to
# answers whose words state no decision.

PLAIN = [
    "A is \"late\", and it's short; B isn't",
    "both, either: none. [sic]",
    "so TIE? no, über 漢字 \U0001f600",
    "one\ntwo\ttabs \\ and more",
    "Joke A's winner: B (no)",
]


def trailing_commas(random, answer):
    text = written(random, answer)
    text = text[: text.rindex("}")].rstrip() + ",}"
    return text.replace('"], ', '",], ')


def as_python(random, answer):
    return repr(answer)


def unclosed(random, answer):
    text = written(random, answer)
    return text[: text.rindex("}")].rstrip()


def without_opening(random, answer):
    return written(random, answer)[1:].lstrip()


def cut_after(random, answer):
    text = written(random, answer)
    key = '"decision": "' + answer["decision"] + '"'
    return text[: random.randrange(text.index(key) + len(key), len(text) + 1)]


def bare_keys(random, answer):
    text = written(random, answer)
    for key in answer:
        text = text.replace(f'"{key}":', f"{key}:")
    return text


MENDS = [trailing_commas, as_python, bare_keys, unclosed, without_opening, cut_after]

# Faults state two decisions and must be refused.


def doubled_key(random, answer, decision):
    text = written(random, answer)
    again = json.dumps(random.choice([decision, other(random, decision)]))
    key = random.choice(['"decision"', '"Decision"', '"\\u0064ecision"'])
    if random.random() < 0.5:
        return "{" + f"{key}: {again}, " + text[1:]
    return text[: text.rindex("}")] + f", {key}: {again}" + random.choice(["}", ",}", ""])


def nested_key(random, answer, decision):
    inner = {"decision": other(random, decision)}
    for _ in range(random.randrange(5)):
        inner = random.choice([{"x": inner}, [inner]])
    return written(random, {**answer, "extra": inner})


def two_objects(random, answer, decision):
    second = {**answer, "decision": other(random, decision)}
    parts = [written(random, answer), written(random, second)]
    random.shuffle(parts)
    return random.choice(["{}{}", "{}\n{}", "[{}, {}]", "Draft: {}\nFinal: {}"]).format(*parts)


FAULTS = [doubled_key, nested_key, two_objects]

# Damage may give any result, but a decision only if the text states it.


def cut(random, text):
    return text[: random.randrange(len(text) + 1)]


def cut_front(random, text):
    return text[random.randrange(len(text) + 1) :]


def insert(random, text):
    for _ in range(random.randint(1, 6)):
        place = random.randrange(len(text) + 1)
        text = text[:place] + random.choice(PIECES) + text[place:]
    return text


def delete(random, text):
    for _ in range(random.randint(1, 4)):
        place = random.randrange(len(text) + 1)
        text = text[:place] + text[place + random.choice([1, 1, 1, 8]) :]
    return text


def swapped(random, text):
    a, b = sorted(random.randrange(len(text) + 1) for _ in range(2))
    return text[b:] + text[a:b] + text[:a]


def single_quotes(random, text):
    return text.replace('"', "'")


def escaped(random, text):
    return json.dumps(text)


def alphabet(random, text):
    shift = random.choice([0x350, 0x5D0 - 0x61, 0x4E00, 0x1F600, 0xFEE0])
    start = random.randrange(len(text) + 1)
    stop = start + random.choice([3, 20, len(text)])
    turned = "".join(chr(ord(c) + shift) if c.isalpha() else c for c in text[start:stop])
    return text[:start] + turned + text[stop:]


def deep(random, text):
    levels = random.choice([5, 60, 70, 900, 10_000])
    opening = random.choice(['{"a":', "[", '{"decision":', "("])
    close = random.choice(["", "}", "]", ")"])
    return opening * levels + text + close * random.choice([0, levels])


def long(random, text):
    size = random.choice([3_000, 20_000, 60_000, 65_000, 65_600, 3_000_000])
    weights = random.choice(['"', '",', '":"', "x ", 'x"y ', "{", '{"a":"b",', "\\", "漢", "//\n"])
    place = random.choice([0, random.randrange(len(text) + 1), len(text)])
    return text[:place] + weights * (size // len(weights)) + text[place:]


def noise(random, text):
    return "".join(random.choice(PIECES) for _ in range(random.choice([5, 50, 500, 3_000])))


DAMAGE = [
    *[cut, cut_front, insert, delete, swapped, single_quotes, escaped, alphabet] * 12,
    *[deep, long, noise],
]


def states(text, decision):
    """Returns whether a text gives a key "decision" this value, independently of the parser."""
    if "\\" in text:
        text = re.sub(r"\\u00([4-7][0-9a-fA-F])", lambda m: chr(int(m[1], 16)), text)
    lowered = "".join(c.lower() if c.isascii() else c for c in text)
    quotes = "\"'`\u201c\u201d\u2018\u2019"
    start = 0
    while (start := lowered.find("decision", start)) >= 0:
        start += len("decision")
        rest = lowered[start : start + 80].lstrip(quotes + " \t\r\n")
        if rest[:1] in (":", "="):
            value = rest[1:].lstrip(" \t\r\n" + quotes)
            word = re.match(r"[^\W_]*", value)[0]
            if word == decision.lower():
                return True
    return False


def check(text, wanted=None, refused=False):
    """Returns the decision or the error code of a text. Raises an error if a check fails."""
    verdict, code = None, ""
    for _ in range(3):
        # The minimum of three, so that a busy machine does not cause a failure.
        start = time.process_time()
        try:
            verdict = parse_verdict(text)
        except VerdictError as error:
            code = error.code
        spent = time.process_time() - start
        if spent < LIMIT:
            break
    assert spent < LIMIT, f"{spent:.2f} s: {text[:200]!r}"
    if verdict is None:
        assert wanted is None, f"{code}, not {wanted}: {text!r}"
        return code, spent
    assert not refused, f"{verdict.decision}, one of two decisions: {text!r}"
    assert wanted in (None, verdict.decision), f"{verdict.decision}, not {wanted}: {text!r}"
    assert states(text, verdict.decision), f"{verdict.decision} is not stated: {text[:3_000]!r}"
    verdict.model_dump_json().encode()
    return verdict.decision, spent


def mutations(times, seed):
    """Yields texts, each with the decision that must be found and whether it must be refused."""
    draws = random.Random(seed)
    for _ in range(times):
        answer, decision = base(draws)
        kind = draws.random()
        if kind < 0.2:
            text = written(draws, answer)
            for form in draws.sample(FORMS, draws.randint(1, 3)):
                text = form(draws, text)
            yield text, decision, False
        elif kind < 0.3:
            answer["reasoning"] = ". ".join(draws.sample(PLAIN, draws.randrange(3)))
            mend = draws.choice(MENDS)
            text = mend(draws, answer)
            if mend in MENDS[:3]:
                text = draws.choice([fenced, in_prose, FORMS[-1]])(draws, text)
            yield text, decision, False
        elif kind < 0.4:
            yield draws.choice(FAULTS)(draws, answer, decision), None, True
        else:
            text = written(draws, answer)
            for _ in range(draws.choice([1, 1, 1, 2, 3])):
                text = draws.choice(DAMAGE)(draws, text)
            yield text, None, False


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--times", type=int, default=20_000)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    ends, slowest, start = Counter(), (0.0, ""), time.perf_counter()
    for text, wanted, refused in mutations(given.times, given.seed):
        end, spent = check(text, wanted, refused)
        ends[end] += 1
        slowest = max(slowest, (spent, text[:60]))
    for end, count in ends.most_common():
        print(f"{count:>12,}  {end}")
    print(f"slowest {slowest[0]:.3f} s: {slowest[1]!r}")
    print(f"{given.times:,} mutations in {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
