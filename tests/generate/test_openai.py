"""The provider `openai` with an endpoint that fails in every possible way, over real sockets."""

import socket
from pathlib import Path

import polars as pl
import pytest
from support.endpoint import KEY

from humorrank.generate import CandidateStore

pytest.importorskip("aiohttp")


@pytest.fixture
def run(run):
    """Lets "openai/m" write about the given headlines; returns (exit code, errors)."""
    humorrank = run

    def of_headlines(headlines, *more):
        pl.DataFrame(
            {"prompt_id": [f"p{i:03}" for i in range(len(headlines))], "headline": headlines}
        ).write_csv("prompts.csv")
        arguments = ("generate", "prompts.csv", "--model", "openai/m", "--set", "timeout=600")
        code, _, err = humorrank(*arguments, *more)
        return code, err

    return of_headlines


def stored():
    with CandidateStore(Path("candidates.csv.sqlite"), write=False) as store:
        ask = store.connection.execute
        jokes = dict(ask("SELECT p.text, j.text FROM jokes j JOIN prompts p USING (prompt)"))
        failures = ask(
            "SELECT p.text, f.reason, f.attempts FROM failures f JOIN prompts p USING (prompt)"
        ).fetchall()
    return jokes, {text: (reason, attempts) for text, reason, attempts in failures}


PASSING = (
    *("rate", "rate_after", "rate_date", "broken", "cut", "truncated"),
    *("no_json", "schema", "deep", "empty", "null", "length"),
)
SILENT = ("hang", "drip")
"""Faults that last until the client gives up. Only they need a short timeout."""


def test_what_passes_is_asked_for_again_and_each_prompt_ends_once(endpoint, run):
    headlines = [f"{fault} {times} x" for fault in PASSING for times in (0, 1)]
    code, err = run(headlines)
    assert code == 0 and f"{len(headlines)} jokes committed" in err and "failed" not in err
    jokes, failures = stored()
    assert failures == {}
    assert jokes == {text: f"A joke about {text}." for text in headlines}
    for fault in PASSING:
        assert (endpoint.asked[f"{fault} 0 x"], endpoint.asked[f"{fault} 1 x"]) == (1, 2)
    for fault, least in (("rate_after", 1.0), ("rate_date", 0.9)):
        first, second, *_ = endpoint.times[f"{fault} 1 x"]
        assert second - first >= least


def test_what_does_not_pass_is_a_stored_failure_with_its_reason(endpoint, run):
    faults = ("broken", "cut", "truncated", "no_json", "schema", "empty", "length")
    never = [f"{fault} 99 x" for fault in (*faults, "refusal", "filtered", "bad_request")]
    # One at a time, because a run ends if a request is rejected before any has succeeded.
    more = ("--set", "retries=1", "--retries", 1, "--in-flight", 1)
    code, err = run(["rate 0 x", *never], *more)
    assert code == 0 and "1 joke committed" in err and f"{len(never)} failed" in err
    jokes, failures = stored()
    assert set(jokes) == {"rate 0 x"} and set(failures) == set(never)
    assert all(failures[f"{fault} 99 x"][1] == 2 for fault in faults)
    assert all(endpoint.asked[f"{fault} 99 x"] == 2 for fault in faults)
    says = {
        "broken": "status 500: <html>oops</html>",
        "no_json": "not a chat completion",
        "schema": "not a chat completion",
        "empty": "the answer was empty",
        "length": "cut off at the token limit",
        "refusal": "refused: I will not joke about that.",
        "filtered": "refused: content_filter",
        "bad_request": "status 400: too long",
    }
    for fault, reason in says.items():
        assert reason in failures[f"{fault} 99 x"][0]
    assert endpoint.asked["refusal 99 x"] == endpoint.asked["bad_request 99 x"] == 1


def test_an_answer_that_does_not_come_is_asked_for_again(endpoint, run):
    # Enough retries that late answers on a busy machine do not exhaust them.
    passing = [f"{fault} 1 x" for fault in SILENT]
    code, err = run(passing, "--set", "timeout=1.5", "--set", "retries=50")
    assert code == 0 and f"{len(passing)} jokes committed" in err and "failed" not in err
    assert stored() == ({text: f"A joke about {text}." for text in passing}, {})
    assert all(endpoint.asked[text] >= 2 for text in passing)


def test_an_answer_that_never_comes_is_a_stored_failure(endpoint, run):
    never = [f"{fault} 99 x" for fault in SILENT]
    code, err = run(never, "--set", "timeout=1.5", "--set", "retries=1")
    assert code == 2 and "0 jokes committed" in err and f"{len(never)} failed" in err
    jokes, failures = stored()
    assert jokes == {}
    assert failures == dict.fromkeys(never, ("no answer within 1.5 s (2 attempts)", 2))
    assert all(endpoint.asked[text] <= 2 for text in never)


@pytest.mark.parametrize("fault", ["unauthorized", "no_model"])
def test_what_no_retry_mends_ends_the_run_and_keeps_what_is_there(endpoint, run, fault):
    assert run(["rate 0 x"])[0] == 0
    code, err = run(["rate 0 x", f"{fault} 99 x"])
    assert code == 2 and err.startswith("error: ") and "model m: status 40" in err
    assert KEY not in err
    assert endpoint.asked[f"{fault} 99 x"] == 1
    assert stored()[0] == {"rate 0 x": "A joke about rate 0 x."}


def test_the_key_is_sent_and_kept_nowhere(endpoint, run, tmp_path):
    assert run(["unauthorized 99 x"])[0] == 2
    assert run(["rate 0 x"], "-o", "b.csv")[0] == 0
    assert endpoint.keys == {f"Bearer {KEY}"}
    assert all(KEY.encode() not in path.read_bytes() for path in tmp_path.iterdir())


def test_a_key_that_the_endpoint_repeats_is_not_kept(endpoint, run, tmp_path):
    prompts = [f"{fault} 99 x" for fault in ("key_in_refusal", "key_in_error", "key_as_decision")]
    assert run(prompts, "--set", "retries=0")[0] == 0
    jokes, failures = stored()
    assert jokes == {"key_as_decision 99 x": '{"decision": "..."}'} and len(failures) == 2
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert KEY[9:].encode() not in kept and b"sk-secret" not in kept


def test_the_papers_sampling_is_sent_and_connections_are_kept(endpoint, run):
    headlines = [f"rate 0 {i}" for i in range(200)]
    assert run(headlines, "--in-flight", 8, "--set", "body.presence_penalty=0.5")[0] == 0
    assert len(endpoint.bodies) == 200
    # More than 8, because connections that are idle for 30 s are replaced on a busy machine.
    assert len(endpoint.connections) <= 50
    for body in endpoint.bodies:
        sent = {key: body[key] for key in body if key != "messages"}
        wanted = {"model": "m", "temperature": 0.7, "top_p": 1.0, "presence_penalty": 0.5}
        assert sent == wanted


def test_an_endpoint_that_is_not_there_is_told_at_once(endpoint, run, monkeypatch):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{nobody.getsockname()[1]}/v1")
        code, err = run(["rate 0 x"], "--set", "retries=0")
    assert code == 2 and "cannot be reached" in err and err.count("\n") == 1


def test_openai_itself_needs_a_key(endpoint, run, monkeypatch):
    monkeypatch.delenv("OPENAI_BASE_URL")
    monkeypatch.delenv("OPENAI_API_KEY")
    code, err = run(["rate 0 x"])
    assert code == 2 and "the environment variable OPENAI_API_KEY is not set" in err
