"""The judge with an endpoint that fails in every possible way, over real sockets."""

import json
import math
import os
import socket
import sys

import numpy as np
import polars as pl
import pytest
from support.endpoint import KEY

from humorrank.cli import main

pytest.importorskip("aiohttp")

VERDICT = json.dumps(
    {
        "reasoning": "It turns at the end.",
        "decision": "B",
        "winner_humor_features": ["irony"],
        "winner_delivery_features": ["timing"],
        "loser_features": ["cliché", "too beige"],
    }
)


@pytest.fixture
def run(run, endpoint):
    """Lets "openai/m" judge a pair for each of the given prompts; returns (exit code, errors)."""
    endpoint.write = lambda _: VERDICT
    humorrank = run

    def of_prompts(prompts, *more, command=("judge", "pairs.csv", "--judge", "openai/m")):
        rows = [
            {"prompt_id": f"p{i:03}", "prompt": text, "model_a": "x", "model_b": "y"}
            | {"joke_a": f"joke a {i}", "joke_b": f"joke b {i}"}
            for i, text in enumerate(prompts)
        ]
        pl.DataFrame(rows).write_csv("pairs.csv")
        arguments = (*command, "--set", "timeout=600", "--store", "T.sqlite", *more)
        code, _, err = humorrank(*arguments)
        return code, err

    return of_prompts


def decisions(run, prompts, *more):
    """Returns the decision log by prompt and the match log; checks that no row is repeated."""
    code, err = run(prompts, "--decisions", "-o", "d.jsonl", *more)
    frame = pl.read_ndjson("d.jsonl", infer_schema_length=None)
    # A judge that only fails is an error.
    assert code == (0 if frame["failure"].null_count() else 2), err
    texts = {f"p{i:03}": text for i, text in enumerate(prompts)}
    listed = [(texts[row["question_id"]], row) for row in frame.to_dicts()]
    assert len(dict(listed)) == len(listed)
    return dict(listed), err


PASSING = (
    *("rate", "rate_after", "rate_date", "broken", "cut", "truncated"),
    *("no_json", "schema", "deep", "empty", "null", "length", "wrong", "doubled"),
)
SILENT = ("hang", "drip")
"""Faults that last until the client gives up. Only they need a short timeout."""


def test_what_passes_is_asked_for_again_and_each_comparison_has_one_verdict(run, endpoint):
    prompts = [f"{fault} {times} x" for fault in PASSING for times in (0, 1)]
    found, err = decisions(run, prompts)
    assert set(found) == set(prompts) and "matches/s" in err
    for text, row in found.items():
        assert row["score"] == 0.0 and row["attempts"] == int(text.split()[1]) + 1
        assert row["reasoning"] == "It turns at the end."
        assert row["judge"] == "openai/m"
    for fault, least in (("rate_after", 1.0), ("rate_date", 0.9)):
        first, second, *_ = endpoint.times[f"{fault} 1 x"]
        assert second - first >= least


def test_what_does_not_pass_is_one_stored_failure_and_no_tie(run, endpoint):
    faults = [fault for fault in PASSING if not fault.startswith("rate")]
    never = [f"{fault} 99 x" for fault in (*faults, "rate", "refusal", "filtered", "bad_request")]
    found, _ = decisions(run, ["rate 0 x", *never], "--set", "retries=1", "--in-flight", 1)
    assert set(found) == {"rate 0 x", *never}
    assert found["rate 0 x"]["score"] == 0.0
    for text in never:
        assert found[text]["score"] is None, text
    assert all(endpoint.asked[f"{fault} 99 x"] == 2 for fault in faults)
    assert endpoint.asked["refusal 99 x"] == endpoint.asked["bad_request 99 x"] == 1
    again, _ = decisions(run, ["rate 0 x", *never], "--set", "retries=1")
    assert len(again) == len(found) and endpoint.asked["broken 99 x"] == 2


def test_an_answer_that_does_not_come_is_asked_for_again(run, endpoint):
    # Enough retries that late answers on a busy machine do not exhaust them.
    passing = [f"{fault} 1 x" for fault in SILENT]
    found, _ = decisions(run, passing, "--set", "timeout=1.5", "--set", "retries=50")
    assert all(found[text]["score"] == 0.0 and found[text]["attempts"] > 1 for text in passing)


def test_an_answer_that_never_comes_is_one_stored_failure(run, endpoint):
    never = [f"{fault} 99 x" for fault in SILENT]
    found, _ = decisions(run, never, "--set", "timeout=1.5", "--set", "retries=1")
    for text in never:
        row = found[text]
        assert row["score"] is None and row["failure"] == "no answer within 1.5 s"
        assert row["attempts"] == 2 and endpoint.asked[text] <= 2


def test_a_failure_that_passes_later_is_asked_for_again_when_told(run, endpoint):
    prompts = ["rate 0 x", "broken 2 x"]
    found, _ = decisions(run, prompts, "--set", "retries=1")
    assert found["broken 2 x"]["score"] is None
    found, _ = decisions(run, prompts, "--set", "retries=1", "--retry-failures")
    assert found["broken 2 x"]["score"] == 0.0 and endpoint.asked["rate 0 x"] == 1


@pytest.mark.parametrize("fault", ["unauthorized", "no_model", "no_credit", "no_quota"])
def test_what_no_retry_mends_ends_the_run_and_keeps_what_is_there(run, endpoint, fault):
    prompts = ["rate 0 x", f"{fault} 99 x", *(f"rate 0 {i}" for i in range(50))]
    code, err = run(prompts, "--in-flight", 1)
    assert code == 2 and err.count("error: ") == 1 and "model m: status 4" in err
    assert KEY not in err and endpoint.asked[f"{fault} 99 x"] == 1


def test_half_a_surrogate_pair_is_a_failure_that_can_be_stored(run, endpoint):
    faults = ["half_error 99 x", "half_refusal 99 x", "half_text 99 x"]
    found, _ = decisions(run, ["rate 0 x", *faults], "--set", "retries=0", "--in-flight", 1)
    assert found["rate 0 x"]["score"] == 0.0
    assert all(found[text]["score"] is None for text in faults)
    assert r"half a pair: \ud83d" in found["half_error 99 x"]["failure"]
    assert r"half a pair: \ud83d" in found["half_refusal 99 x"]["failure"]


def test_a_count_of_tokens_that_cannot_be_is_not_known_and_the_verdict_stands(run):
    found, _ = decisions(run, ["rate 0 x", "counts 99 x"])
    assert found["rate 0 x"]["prompt_tokens"] == 7
    row = found["counts 99 x"]
    assert row["score"] == 0.0 and row["attempts"] == 1
    assert row["prompt_tokens"] is None and row["output_tokens"] is None


def test_an_endpoint_that_rejects_the_first_question_ends_the_run(run):
    code, err = run(["bad_request 99 x", "bad_request 99 y"])
    assert code == 2 and "too long" in err and "no request has succeeded so far" in err


def test_an_endpoint_that_is_not_there_is_told_once(run, monkeypatch):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{nobody.getsockname()[1]}/v1")
        code, err = run(["rate 0 x", "rate 0 y"], "--set", "retries=0")
    assert code == 2 and err.count("cannot be reached") == 1


def test_the_key_is_sent_and_kept_nowhere(run, endpoint, tmp_path):
    assert run(["rate 0 x", "broken 99 x"], "--set", "retries=0")[0] == 0
    assert endpoint.keys == {f"Bearer {KEY}"}
    assert all(KEY.encode() not in path.read_bytes() for path in tmp_path.iterdir())
    (tmp_path / "key").write_text("another\n")
    assert run(["rate 0 z"], "--set", "api_key_file=key", "--store", "b.sqlite")[0] == 0
    assert endpoint.keys == {f"Bearer {KEY}", "Bearer another"}


ECHOES = ("key_in_refusal", "key_in_error", "key_in_answer", "key_as_decision")


def test_a_key_that_the_endpoint_repeats_is_not_kept(run, tmp_path):
    prompts = [f"{fault} 99 x" for fault in ECHOES]
    found, err = decisions(run, prompts, "--set", "retries=0")
    assert found["key_in_answer 99 x"]["reasoning"] == "... ..."
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir()) + err.encode()
    # Parts of the key would remain if it were cut before it is removed.
    assert KEY.encode() not in kept and KEY[9:].encode() not in kept and b"sk-secret" not in kept
    assert b"refused: xxx" in kept


@pytest.mark.parametrize("url", ["ftp://user:PASSWORD@host", "user:PASSWORD@host/v1", "PASSWORD@"])
def test_the_password_of_an_address_is_not_printed(run, monkeypatch, url):
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    code, err = run(["rate 0 x"])
    assert code == 2 and "base_url (OPENAI_BASE_URL) must begin with http" in err
    assert "PASS" not in err and "user" not in err


@pytest.mark.parametrize(
    "url", ["http://[::1/v1", "http://host:99999/v1", "http://host:x/v1", "http://", "http://a b/"]
)
def test_an_invalid_address_is_one_clear_error(run, monkeypatch, url):
    monkeypatch.setenv("OPENAI_BASE_URL", url.replace("//", "//me:PASSWORD@"))
    code, err = run(["rate 0 x"])
    assert code == 2 and "is not a valid address" in err and err.count("\n") == 1
    assert "PASS" not in err


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        (
            "ALL_PROXY",
            "foo://me:PASSWORD@host:1",
            "a proxy that is not a valid address (ALL_PROXY)",
        ),
        ("HTTP_PROXY", "http://host:port", "a proxy that is not a valid address (HTTP_PROXY)"),
        ("SSL_CERT_FILE", "nowhere.pem", "the certificates in SSL_CERT_FILE cannot be read"),
        ("SSL_CERT_FILE", "pairs.csv", "the certificates in SSL_CERT_FILE cannot be read"),
    ],
)
def test_a_bad_environment_is_one_clear_error(run, monkeypatch, tmp_path, variable, value, says):
    for name in ("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv(variable, value)
    if variable.startswith("SSL"):
        # Certificates are read for encrypted connections only.
        url = os.environ["OPENAI_BASE_URL"]
        monkeypatch.setenv("OPENAI_BASE_URL", url.replace("http://", "https://"))
    code, err = run(["rate 0 x"])
    assert code == 2 and says in err and err.count("\n") == 1
    assert "PASS" not in err
    assert not (tmp_path / "T.sqlite").exists()


def test_a_socks_proxy_without_its_library_is_one_clear_error(run, monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "socks5://me:PASSWORD@host:1")
    monkeypatch.setitem(sys.modules, "aiohttp_socks", None)
    code, err = run(["rate 0 x"])
    assert code == 2 and "PASS" not in err
    assert "(ALL_PROXY) requires aiohttp-socks: pip install" in err


def test_the_schema_and_the_sampling_are_sent_on_few_connections(run, endpoint):
    prompts = [f"rate 0 {i}" for i in range(200)]
    assert run(prompts, "--in-flight", 8, "--set", "seed=3")[0] == 0
    assert len(endpoint.bodies) == 200
    # More than 8, because connections that are idle for 30 s are replaced on a busy machine.
    assert len(endpoint.connections) <= 50
    for body in endpoint.bodies:
        assert (body["model"], body["temperature"], body["top_p"]) == ("m", 0.1, 1.0)
        schema = body["response_format"]["json_schema"]["schema"]
        assert schema["properties"]["decision"]["enum"] == ["A", "B", "TIE"]
    assert len({body["seed"] for body in endpoint.bodies}) > 190


@pytest.mark.parametrize(
    ("way", "sent"), [("json_object", {"type": "json_object"}), ("none", None)]
)
def test_endpoints_that_know_no_schema_are_asked_without(run, endpoint, way, sent):
    assert run(["rate 0 x"], "--set", f"structured={way}")[0] == 0
    assert endpoint.bodies[0].get("response_format") == sent


def first_token(shares):
    listed = [{"token": t, "logprob": math.log(p)} for t, p in shares.items()]
    choice = {"message": {"content": "A"}, "finish_reason": "length"}
    choice["logprobs"] = {"content": [{"token": "A", "logprob": -1, "top_logprobs": listed}]}
    return json.dumps({"choices": [choice]}).encode()


def test_a_decision_is_read_from_the_first_tokens_probabilities(run, endpoint, monkeypatch):
    shares = {"A": 0.5, " A": 0.1, "B": 0.2, "TIE": 0.1, "Well": 0.1}
    handler = endpoint.RequestHandlerClass
    monkeypatch.setattr(
        handler, "logprobs", lambda self: self.reply(200, first_token(shares)), raising=False
    )
    monkeypatch.setattr(
        handler, "silent", lambda self: self.reply(200, first_token({"Well": 0.9})), raising=False
    )
    found, _ = decisions(run, ["logprobs 9 x", "silent 9 x"], "--set", "decision_only=true")
    row = found["logprobs 9 x"]
    assert row["score"] == 1.0
    assert np.isclose(row["probability"], (0.6 + 0.05) / 0.9)
    assert found["silent 9 x"]["score"] is None
    assert endpoint.bodies[0]["logprobs"] is True and endpoint.bodies[0]["max_tokens"] == 1


@pytest.mark.parametrize("logprob", [1.0, 1e6, math.inf, math.nan])
def test_what_is_no_log_probability_decides_nothing(run, endpoint, monkeypatch, logprob):
    said = first_token({"A": 0.5, "B": 0.25}).replace(
        str(math.log(0.5)).encode(), json.dumps(logprob).encode()
    )
    handler = endpoint.RequestHandlerClass
    monkeypatch.setattr(handler, "logprobs", lambda self: self.reply(200, said), raising=False)
    settings = ("--set", "decision_only=true", "--set", "retries=0")
    found, _ = decisions(run, ["logprobs 9 x"], *settings)
    row = found["logprobs 9 x"]
    assert row["score"] is None and "not a chat completion" in row["failure"]


def test_an_endpoint_without_log_probabilities_cannot_decide_by_them(run):
    code, err = run(["rate 0 x"], "--set", "decision_only=true")
    assert code == 2 and "no log-probabilities" in err


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("temperature=-1", "temperature"),
        ("structured=yaml", "structured must be one of"),
        ("tempreature=1", "temperature"),
        ("base_url=http://me:secret@x/v1", "must not contain a name or a password"),
        ("base_url=x", "must begin with http"),
        ("api_key_file=nowhere", "cannot be read"),
        ("timeout=0", "timeout"),
        ("top_p=2", "top_p"),
    ],
)
def test_a_bad_setting_is_one_clear_error(run, setting, says):
    code, err = run(["rate 0 x"], "--set", setting)
    assert code == 2 and err.startswith("error: ") and says in err and "secret" not in err


def test_prices_are_summed(run):
    _, err = run(["rate 0 x"], "--set", "price_prompt=1e6", "--set", "price_output=2e6")
    assert "cost 17.00" in err


SPEC = """
prompts = "prompts.csv"
candidates = "jokes.csv"
template = "mine.txt"
[judge]
backend = "simulated"
tie_rate = 0.5
in_flight = 3
"""


def test_a_tournament_is_played_by_the_judge_of_the_command_line(
    monkeypatch, capsys, tmp_path, endpoint
):
    endpoint.write = lambda _: VERDICT
    monkeypatch.chdir(tmp_path)
    (tmp_path / "T.toml").write_text(SPEC)
    (tmp_path / "mine.txt").write_text("Mine: {{ prompt }} {{ joke_a }} {{ joke_b }}")
    prompts = [f"{fault} 1 x" for fault in ("rate", "broken", "cut", "wrong")]
    pl.DataFrame({"prompt_id": prompts, "prompt": prompts}).write_csv("prompts.csv")
    pl.DataFrame(
        [
            {"prompt_id": text, "model": model, "joke": f"{model} on {text}"}
            for text in prompts
            for model in ("x", "y", "z")
        ]
    ).write_csv("jokes.csv")

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["humorrank", "tournament", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code or 0, capsys.readouterr().err

    play = ("run", "T.toml", "--store", "T.sqlite", "--judge", "openai/m")
    code, err = run(*play, "--budget", "7")
    assert code == 0 and "matches/s" in err, err
    assert all(body["messages"][-1]["content"].startswith("Mine: ") for body in endpoint.bodies)
    code, err = run("extend", "T.sqlite", "--budget", "12")
    assert code == 0, err
    code, err = run("resume", "T.sqlite")
    assert code == 0, err
    assert run("export", "T.sqlite", "-o", "log.csv")[0] == 0
    log = pl.read_csv("log.csv")
    assert (
        len(log) == 12 and set(log["winner"]) == {"model_b"} and set(log["judge"]) == {"openai/m"}
    )
    code, err = run("run", "T.toml", "--store", "T.sqlite", "--judge", "openai/n", "--budget", "12")
    assert code == 2 and "openai/n" in err
