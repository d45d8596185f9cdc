"""A vLLM engine on a thread of its own, which takes requests while it works."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import queue
import signal
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from importlib import import_module
from importlib.util import find_spec
from multiprocessing import resource_tracker
from typing import Any, Final

from humorrank._util.suggest import near
from humorrank.errors import JudgeError, MissingExtraError, OptionError

DEFAULTS: Final[Mapping[str, Any]] = {
    "enable_prefix_caching": True,
    # Without white space, of which a constrained model may write any amount.
    "structured_outputs_config": {"backend": "xgrammar", "disable_any_whitespace": True},
}
"""Engine options that differ from vLLM's own defaults; a user's stand above them."""

_ENVIRONMENT: Final = {
    # A forked engine would inherit this process's threads in the middle of what they do.
    "VLLM_WORKER_MULTIPROC_METHOD": "spawn",
    "VLLM_LOGGING_STREAM": "ext://sys.stderr",
    "VLLM_LOGGING_LEVEL": "ERROR",
}
_ADDED_AT_ONCE: Final = 64
"""Requests that enter the engine between two of its steps, so that neither waits for the other."""

_PATIENCE, _HURRY = 60.0, 2.0
"""Seconds that the engine's processes get to end, where nothing is lost, and where one waits."""


@dataclass(frozen=True)
class EngineCompletion:
    """What the engine made of one request.

    Attributes:
        text: the answer.
        finish: why it ended: "stop", or "length" where `max_tokens` cut it.
        prompt_tokens: of the prompt.
        cached_tokens: how many of these the prefix cache had.
        output_tokens: of the answer.
        first_logprobs: token -> log-probability at the first place, where these were asked for.
    """

    text: str
    finish: str
    prompt_tokens: int
    cached_tokens: int
    output_tokens: int
    first_logprobs: Mapping[int, float] = field(default_factory=dict)


def import_vllm() -> Any:  # noqa: ANN401 - no type checker can be asked to have it installed
    """The package, set up to be a guest: quiet, on standard error.

    Raises:
        MissingExtraError: it is not installed.
    """
    if find_spec("vllm") is None:
        raise MissingExtraError(
            "a vLLM judge needs vLLM: pip install 'humorrank[vllm]', on a machine with a GPU"
        )
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    return import_module("vllm")


def check_engine_options(options: Mapping[str, Any]) -> None:
    """Refuses what no engine option is called.

    Raises:
        OptionError: naming it, with the nearest known one.
        MissingExtraError: vLLM is not installed.
    """
    import_vllm()
    arguments = fields(import_module("vllm.engine.arg_utils").EngineArgs)
    known = [option.name for option in arguments if option.name != "model"]
    for name in options:
        if name not in known:
            # Of which there are hundreds: only the nearest is named.
            raise OptionError(f"{name} is no engine option of vLLM{near(name, known)}")


class Requests:
    """Requests of one asker, and their answers as they come; made by `VLLMEngine.requests`.

    Attributes:
        left: how many are not answered yet.
    """

    def __init__(self, engine: VLLMEngine) -> None:
        self._engine = engine
        self._loop = asyncio.get_running_loop()
        self._answers: asyncio.Queue[list[tuple[int, EngineCompletion]] | None] = asyncio.Queue()
        self.left = 0
        self.given_up = False

    def add(self, wanted: Sequence[tuple[int, Sequence[int], Any]]) -> None:
        """Asks.

        Args:
            wanted: (row, tokens of the prompt, `vllm.SamplingParams`) of each; no two that are
                not answered yet have the same row.
        """
        self.left += len(wanted)
        self._engine.order([(self, *request) for request in wanted])

    async def answers(self) -> list[tuple[int, EngineCompletion]]:
        """The next (row, answer)s: those that ended in one step of the engine.

        Raises:
            JudgeError: the engine has died.
        """
        answers = await self._answers.get()
        if answers is None:
            raise self._engine.fault()
        self.left -= len(answers)
        return answers

    def give_up(self) -> None:
        """Wants no more answers."""
        self.given_up = True

    def tell(self, answers: list[tuple[int, EngineCompletion]] | None) -> None:
        """For the engine's thread: answers, or None where there will be none."""
        # The loop may be closed by now, and then nobody waits any more.
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._answers.put_nowait, answers)


_Wanted = tuple[Requests, int, Sequence[int], Any]


class VLLMEngine:
    """Runs `vllm.LLM` on a thread, and keeps it full.

    Requests of any number of calls share the engine: they are added while it works, and each is
    answered when it is done (continuous batching). The engine proper is a process of its own, so
    that it computes while this one renders, parses and stores. Ctrl-C does not reach it: what is
    in flight can still be finished.

    Args:
        model: a name on the hub, or a folder.
        options: of `vllm.LLM`, by name; they stand above `DEFAULTS`.
    """

    def __init__(self, model: str, options: Mapping[str, Any]) -> None:
        self.model = model
        self.options = {**DEFAULTS, **options}
        self.busy = 0.0
        self._llm: Any = None
        self._orders: queue.SimpleQueue[list[_Wanted]] = queue.SimpleQueue()
        self._wanted: deque[_Wanted] = deque()
        self._running: dict[str, tuple[Requests, int]] = {}
        self._error: BaseException | None = None
        self._closing = self._ended = False
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None

    async def start(self) -> None:
        """Loads the model, unless it is loaded.

        Raises:
            JudgeError: it cannot be loaded.
        """
        if self._thread is None:
            import_vllm()
            self._thread = threading.Thread(target=self._run, name="humorrank-vllm", daemon=True)
            self._thread.start()
        while not self._ready.is_set():
            await asyncio.sleep(0.02)
        if self._llm is None:
            raise self.fault()

    @property
    def llm(self) -> Any:  # noqa: ANN401
        """The `vllm.LLM`, once it is loaded; to be used while nothing is asked here."""
        return self._llm

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def tokenizer(self) -> Any:  # noqa: ANN401
        """The model's tokenizer, once it is loaded."""
        return self._llm.get_tokenizer()

    @property
    def longest(self) -> int:
        """The most tokens that prompt and answer may have together, once the model is loaded."""
        return int(self._llm.llm_engine.model_config.max_model_len)

    def requests(self) -> Requests:
        """A way to ask, for one asker; the model must be loaded."""
        return Requests(self)

    def order(self, wanted: list[_Wanted]) -> None:
        """Hands requests to the thread."""
        self._orders.put(wanted)
        if self._ended:
            self._tell_all()

    async def close(self) -> None:
        """Ends the engine and its processes; what is in flight is given up."""
        if self._thread is None:
            return
        self._closing = True
        self._orders.put([])
        while self._thread.is_alive():
            if not self._ready.is_set():
                _stop_loading()
            await asyncio.sleep(0.02)

    def fault(self) -> JudgeError:
        """What went wrong, in words."""
        error = self._error
        said = " ".join(str(error).split()) or type(error).__name__
        what = "cannot start" if self._llm is None else "cannot go on"
        told = JudgeError(f"vLLM {what} with {self.model}: {said[:1000]}")
        told.__cause__ = error
        return told

    def _run(self) -> None:
        llm = None
        try:
            # Starting it later would unblock the signal that is blocked below.
            resource_tracker.ensure_running()
            # The engine's processes inherit this. A terminal sends Ctrl-C to all of them, and
            # they would drop what they work on.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            vllm = import_vllm()
            if self._closing:
                return
            llm = self._llm = vllm.LLM(self.model, **self.options)
            self._ready.set()
            while not self._closing:
                self._work(llm)
        except BaseException as error:
            self._error = error
        finally:
            self._ended = True
            hurry = bool(self._running or self._wanted)
            self._ready.set()
            self._tell_all()
            if llm is not None:
                llm.llm_engine.engine_core.shutdown(timeout=_HURRY if hurry else _PATIENCE)

    def _work(self, llm: Any) -> None:  # noqa: ANN401
        """Takes what is wanted, gives up what is not, and lets the engine make a step."""
        idle = not self._running and not self._wanted
        while idle or not self._orders.empty():
            self._wanted.extend(self._orders.get())
            idle = False
        start = time.perf_counter()
        gone = [key for key, (requests, _) in self._running.items() if requests.given_up]
        if gone:
            llm.llm_engine.abort_request(gone)
            for key in gone:
                del self._running[key]
        self._add(llm)
        if not self._running:
            return
        done: dict[Requests, list[tuple[int, EngineCompletion]]] = {}
        for output in llm.llm_engine.step():
            if output.finished and (found := self._running.pop(output.request_id, None)):
                done.setdefault(found[0], []).append((found[1], _completion(output)))
        self.busy += time.perf_counter() - start
        for requests, answers in done.items():
            requests.tell(answers)

    def _add(self, llm: Any) -> None:  # noqa: ANN401
        """Lets some of those in that are waiting."""
        added: list[_Wanted] = []
        while self._wanted and len(added) < _ADDED_AT_ONCE:
            wanted = self._wanted.popleft()
            if not wanted[0].given_up:
                added.append(wanted)
        if added:
            prompts = [{"prompt_token_ids": list(tokens)} for _, _, tokens, _ in added]
            keys = llm.enqueue(prompts, [params for *_, params in added], use_tqdm=False)
            for key, (requests, row, _, _) in zip(keys, added, strict=True):
                self._running[_outer(key)] = requests, row

    def _tell_all(self) -> None:
        """There will be no answers any more."""
        with suppress(queue.Empty):
            while True:
                self._wanted.extend(self._orders.get_nowait())
        askers = {requests for requests, _ in self._running.values()}
        for requests in askers | {requests for requests, *_ in self._wanted}:
            requests.tell(None)


def _stop_loading() -> None:
    """Ends what a constructor waits for that cannot be interrupted: it then raises."""
    for process in multiprocessing.active_children():
        if process.name.startswith("EngineCore"):
            process.kill()


def _outer(key: str) -> str:
    """Of the inner name of a request, which vLLM returns, the outer one, under which it answers."""
    return key.split("-", 1)[0]


def _completion(output: Any) -> EngineCompletion:  # noqa: ANN401
    answer = output.outputs[0]
    first = answer.logprobs[0] if answer.logprobs else {}
    return EngineCompletion(
        text=answer.text,
        finish=str(answer.finish_reason),
        prompt_tokens=len(output.prompt_token_ids),
        cached_tokens=output.num_cached_tokens or 0,
        output_tokens=len(answer.token_ids),
        first_logprobs={token: value.logprob for token, value in first.items()},
    )
