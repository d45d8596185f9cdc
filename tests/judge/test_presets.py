"""Presets of endpoints, each against a server with the peculiarities that it documents."""

import json
import tomllib
from pathlib import Path

import polars as pl
import pytest
from support.endpoint import Endpoint

import humorrank
from humorrank.errors import OptionError
from humorrank.llm import presets

pytest.importorskip("aiohttp")

VERDICT = json.dumps({"reasoning": "It turns at the end.", "decision": "B"})
FIELDS = {"model", "messages", "temperature", "top_p", "max_tokens", "response_format"}
RENAMED = FIELDS - {"max_tokens"} | {"max_completion_tokens"}


def chat(content, **message):
    """An answer with the fields that all services share."""
    return {
        "id": "x-1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": content, **message},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12},
    }


def with_usage(answer, **usage):
    return {**answer, "usage": answer["usage"] | usage}


# For each service: the fields that a request has by default, the type of its response format, the
# key's variable, the path below the address, and an answer of the documented form.
SERVICES = {
    "openai": (
        RENAMED, "json_schema", "OPENAI_API_KEY", "/v1",
        with_usage(
            chat(VERDICT, refusal=None, annotations=[]),
            prompt_tokens_details={"cached_tokens": 3, "audio_tokens": 0},
            completion_tokens_details={"reasoning_tokens": 0},
        ) | {"service_tier": "default", "system_fingerprint": "fp_1"},
    ),
    "anthropic": (
        FIELDS - {"top_p", "response_format"}, None, "ANTHROPIC_API_KEY", "/v1",
        chat(f"```json\n{VERDICT}\n```") | {"system_fingerprint": None},
    ),
    "gemini": (
        FIELDS, "json_schema", "GEMINI_API_KEY", "/v1beta/openai",
        chat(VERDICT, extra_content={"google": {"thought_signature": "CiQB"}}),
    ),
    "azure": (
        RENAMED, "json_schema", "AZURE_OPENAI_API_KEY", "/openai/v1",
        {
            **chat(VERDICT, refusal=None),
            "prompt_filter_results": [
                {"prompt_index": 0, "content_filter_results": {"hate": {"filtered": False}}}
            ],
        },
    ),
    "bedrock": (
        RENAMED - {"response_format"}, None, "AWS_BEARER_TOKEN_BEDROCK", "/openai/v1",
        chat(f"<reasoning>Two jokes. The decision is open.</reasoning>{VERDICT}"),
    ),
    "mistral": (FIELDS, "json_schema", "MISTRAL_API_KEY", "/v1", chat(VERDICT, tool_calls=None)),
    "deepseek": (
        FIELDS, "json_object", "DEEPSEEK_API_KEY", "",
        with_usage(
            chat(VERDICT, reasoning_content='Perhaps {"decision": "A"}?'),
            prompt_cache_hit_tokens=3,
            prompt_cache_miss_tokens=4,
        ),
    ),
    "groq": (
        RENAMED, "json_object", "GROQ_API_KEY", "/openai/v1",
        with_usage(chat(VERDICT, reasoning="Hm."), queue_time=0.1, total_time=0.2)
        | {"x_groq": {"id": "req_1"}},
    ),
    "together": (
        FIELDS, "json_schema", "TOGETHER_API_KEY", "/v1",
        chat(VERDICT, tool_calls=[]) | {"prompt": []},
    ),
    "fireworks": (
        FIELDS, "json_schema", "FIREWORKS_API_KEY", "/inference/v1",
        chat(VERDICT, reasoning_content="Hm."),
    ),
    "openrouter": (
        FIELDS, "json_schema", "OPENROUTER_API_KEY", "/api/v1",
        chat(VERDICT, refusal=None, reasoning=None, reasoning_details=[])
        | {"provider": "Some Host"},
    ),
    "xai": (
        RENAMED, "json_schema", "XAI_API_KEY", "/v1",
        with_usage(
            chat(VERDICT, reasoning_content="Hm.", refusal=None),
            completion_tokens_details={"reasoning_tokens": 9},
            num_sources_used=0,
        ),
    ),
    "ollama": (FIELDS, "json_schema", None, "/v1", chat(VERDICT, reasoning="Hm.")),
    "llamacpp": (
        FIELDS, "json_schema", None, "/v1",
        chat(VERDICT, reasoning_content="Hm.") | {"timings": {"prompt_n": 25}},
    ),
    "lmstudio": (FIELDS, "json_schema", None, "/v1", chat(VERDICT) | {"stats": {}}),
    "vllm-server": (
        FIELDS, "json_schema", None, "/v1",
        chat(VERDICT, reasoning_content=None, tool_calls=[]) | {"kv_transfer_params": None},
    ),
}  # fmt: skip


class Service(Endpoint):
    """Answers requests as one service documents it, and refuses other fields and keys."""

    def do_POST(self):  # noqa: N802 - named by the base class
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        fields, structured, key, path, answer = SERVICES[self.server.name]
        problems = [
            *sorted(set(body) ^ fields),
            *([] if self.path == f"{path}/chat/completions" else [self.path]),
            *([] if self.headers.get("Authorization") == (key and "Bearer sk-1") else ["key"]),
        ]
        if structured != body.get("response_format", {}).get("type"):
            problems.append("response_format")
        if problems:
            said = {"error": {"message": f"refused: {problems}", "type": "invalid_request_error"}}
            self.reply(400, json.dumps(said).encode())
        else:
            self.reply(200, json.dumps(answer).encode())


@pytest.fixture
def service(endpoint, monkeypatch):
    """Lets a preset's address lead to a server that plays the service."""
    endpoint.RequestHandlerClass = Service
    built_in = presets._table

    def local(path):
        table = built_in(path)
        for name, preset in table.items():
            if name in SERVICES and path == presets._BUILT_IN:
                preset["base_url"] = f"http://127.0.0.1:{endpoint.server_port}{SERVICES[name][3]}"
        return table

    monkeypatch.setattr(presets, "_table", local)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(Path.cwd() / "config"))
    for name, (_, _, key, *_) in SERVICES.items():
        monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
        if key is not None:
            monkeypatch.setenv(key, "sk-1")
        assert name
    for key in ("OLLAMA_API_KEY", "LLAMA_API_KEY", "VLLM_API_KEY"):
        monkeypatch.delenv(key, raising=False)
    rows = [("p1", "A bus.", "x", "It came.", "y", "It went.")]
    names = ["prompt_id", "prompt", "model_a", "joke_a", "model_b", "joke_b"]
    pl.DataFrame(rows, schema=names, orient="row").write_csv("pairs.csv")
    return endpoint


def test_every_built_in_preset_has_a_service_here_and_its_documentation():
    with presets._BUILT_IN.open("rb") as file:
        table = tomllib.load(file)
    assert set(table) == set(SERVICES)
    for name, (_, structured, key, path, _) in SERVICES.items():
        found = presets.preset(name)
        assert found is not None and found.documentation.startswith("https://")
        assert found.structured == (structured or "none")
        assert found.base_url.endswith(path)
        assert found.needs_key == (key is not None)
        local = found.base_url.startswith("http://localhost:")
        assert local != found.needs_key


@pytest.mark.parametrize("name", SERVICES)
def test_a_preset_sends_what_its_service_takes_and_reads_its_answers(service, run, name):
    service.name = name
    code, _, err = run("judge", "pairs.csv", "--judge", f"{name}/m", "-o", "log.csv")
    assert code == 0, err
    (row,) = pl.read_csv("log.csv").to_dicts()
    assert row["winner"] == "model_b" and row["judge"] == f"{name}/m"


@pytest.mark.parametrize("name", [name for name, row in SERVICES.items() if row[2]])
def test_a_service_without_its_key_is_not_asked(service, run, monkeypatch, name):
    service.name = name
    key = SERVICES[name][2]
    monkeypatch.delenv(key)
    code, _, err = run("judge", "pairs.csv", "--judge", f"{name}/m", "-o", "log.csv")
    assert code == 2 and f"the environment variable {key} is not set" in err, err
    Path("key.txt").write_text("sk-1\n")
    more = ("--set", "api_key_file=key.txt")
    code, _, err = run("judge", "pairs.csv", "--judge", f"{name}/m", "-o", "log.csv", *more)
    assert code == 0, err


def test_a_local_server_never_receives_the_key_of_a_service(service, run, monkeypatch):
    # The server refuses requests with a key that it does not expect.
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    for name in ("lmstudio", "ollama"):
        service.name = name
        code, _, err = run("judge", "pairs.csv", "--judge", f"{name}/m", "-o", f"{name}.csv")
        assert code == 0, err


@pytest.mark.parametrize(
    ("name", "setting", "says"),
    [
        ("anthropic", "top_p=0.5", "top_p cannot be set, because anthropic takes no such field"),
        ("deepseek", "seed=1", "seed cannot be set, because deepseek takes no such field"),
        ("groq", "decision_only=true", "groq returns no log-probabilities"),
    ],
)
def test_a_setting_that_a_service_does_not_take_is_refused(service, run, name, setting, says):
    service.name = name
    more = ("--set", setting)
    code, _, err = run("judge", "pairs.csv", "--judge", f"{name}/m", "-o", "log.csv", *more)
    assert (code, err.count("\n")) == (2, 1) and says in err


def test_a_field_that_a_model_does_not_take_can_be_left_out(service, run):
    fields = SERVICES["openai"][0] - {"temperature", "top_p", "max_completion_tokens"}
    SERVICES["thinker"] = (fields, *SERVICES["openai"][1:])
    service.name = "thinker"
    try:
        more = [f"{name}=none" for name in ("temperature", "top_p", "max_tokens")]
        more = [word for setting in more for word in ("--set", setting)]
        code, _, err = run("judge", "pairs.csv", "--judge", "openai/m", "-o", "log.csv", *more)
    finally:
        del SERVICES["thinker"]
    assert code == 0, err


def test_the_address_can_depend_on_the_environment(monkeypatch):
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "sk-1")
    monkeypatch.delenv("AWS_REGION", raising=False)
    bedrock = presets.preset("bedrock")
    with pytest.raises(OptionError, match="AWS_REGION is not set"):
        bedrock.endpoint({})
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    url = "https://bedrock-runtime.eu-north-1.amazonaws.com/openai/v1"
    assert bedrock.endpoint({}).url == url
    assert bedrock.endpoint({"base_url": "http://localhost:9/v1/"}).url == "http://localhost:9/v1"


def test_generators_use_the_same_presets(service, run):
    service.name = "openai"
    body = SERVICES["openai"][0]
    Path("prompts.csv").write_text("prompt_id,prompt\np1,A bus.\n")
    sampled = body - {"response_format", "max_completion_tokens"}
    SERVICES["joker"] = (sampled, None, "OPENAI_API_KEY", "/v1", chat("It came."))
    service.name = "joker"
    try:
        code, _, err = run("generate", "prompts.csv", "--model", "openai/m", "-o", "jokes.csv")
        assert code == 0, err
        code, _, err = run(
            "generate", "prompts.csv", "--model", "anthropic/m", "-o", "more.csv", "--seed", "3"
        )
    finally:
        del SERVICES["joker"]
    assert pl.read_csv("jokes.csv")["joke"].to_list() == ["It came."]
    assert code == 2 and "seed cannot be set, because anthropic" in err


OWN = """
[house]
base_url = "http://127.0.0.1:{port}/v1"
structured = "none"
top_logprobs = 0
omit = ["top_p"]
"""


def test_users_add_presets_of_their_own_in_a_file(service, run):
    Path("config/humorrank").mkdir(parents=True)
    own = Path("config/humorrank/providers.toml")
    own.write_text(OWN.replace("{port}", str(service.server_port)))
    fields = FIELDS - {"top_p", "response_format"}
    SERVICES["house"] = (fields, None, None, "/v1", chat(VERDICT))
    service.name = "house"
    try:
        code, _, err = run("judge", "pairs.csv", "--judge", "house/m", "-o", "log.csv")
    finally:
        del SERVICES["house"]
    assert code == 0, err
    assert pl.read_csv("log.csv")["judge"].to_list() == ["house/m"]
    code, _, err = run("judge", "pairs.csv", "--judge", "hose/m", "-o", "log.csv")
    assert code == 2 and "did you mean 'house'?" in err


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[house", "providers.toml: "),
        ("house = 1", "house must be a table, not 1"),
        ('[house]\nbase_ur = "x"', "there is no key 'base_ur'; did you mean"),
        ('[house]\nbase_url = "ftp://x"', "house.base_url must begin with http"),
        ("[house]", "house.base_url must begin with http"),
        ('[house]\nbase_url = "http://x"\nneeds_key = true', "house.api_key_env is missing"),
        ('[house]\nbase_url = "http://x"\nneeds_key = "no"', "needs_key must be true or false"),
        ('[house]\nbase_url = "http://x"\nomit = ["model"]', "no optional field 'model'"),
        ('[house]\nbase_url = "http://x"\nomit = "seed"', "omit must be a list"),
        ('[house]\nbase_url = "http://x"\nrename = ["seed"]', "rename must be a table"),
        ('[house]\nbase_url = "http://x"\nstructured = "xml"', "structured must be one of"),
        ('[house]\nbase_url = "http://x"\ntop_logprobs = -1', "top_logprobs"),
        ('[house]\nbase_url = "http://x"\ndocumentation = 3', "documentation must be text"),
    ],
)
def test_an_invalid_file_of_presets_gets_one_error_that_names_it(service, run, text, says):
    Path("config/humorrank").mkdir(parents=True)
    Path("config/humorrank/providers.toml").write_text(text)
    code, _, err = run("judge", "pairs.csv", "--judge", "house/m", "-o", "log.csv")
    assert (code, err.count("\n")) == (2, 1), err
    assert "providers.toml: " in err and says in err


def test_other_packages_add_presets_by_entry_points(monkeypatch):
    class Found:
        name, value = "cloud", "package:preset"

        @staticmethod
        def load():
            return lambda: {"base_url": "https://cloud.example/v1", "top_logprobs": 3}

    def found(group):
        return [Found] if group == "humorrank.endpoints" else []

    monkeypatch.setattr("humorrank._util.plugins.entry_points", found)
    assert "cloud" in presets.presets()
    assert presets.preset("cloud").top_logprobs == 3
    assert humorrank.judge.parse_judge("cloud/m") == ("cloud", {"model": "m"})
