"""A vLLM engine on its own thread, which accepts requests while it works."""

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
    # White space is disabled, since a constrained model may otherwise write any amount of it.
    "structured_outputs_config": {"backend": "xgrammar", "disable_any_whitespace": True},
}
"""Engine options that differ from vLLM's defaults; a user's options take precedence."""

_ENVIRONMENT: Final = {
    # A forked engine would inherit the state of this process's threads.
    "VLLM_WORKER_MULTIPROC_METHOD": "spawn",
    "VLLM_LOGGING_STREAM": "ext://sys.stderr",
    "VLLM_LOGGING_LEVEL": "ERROR",
}
_ADDED_AT_ONCE: Final = 64
"""Most requests added between two steps of the engine, so that neither delays the other."""

_PATIENCE, _HURRY = 60.0, 2.0
"""Seconds that the engine's processes have to exit, if idle and if requests were abandoned."""


@dataclass(frozen=True)
class EngineCompletion:
    """The engine's answer to one request.

    Attributes:
        text: Text of the answer.
        finish: Reason for its end: "stop", or "length" if it was cut off at `max_tokens`.
        prompt_tokens: Number of tokens of the prompt.
        cached_tokens: Number of these that were in the prefix cache.
        output_tokens: Number of tokens of the answer.
        first_logprobs: Mapping from token to its log-probability as the first token, if requested.
    """

    text: str
    finish: str
    prompt_tokens: int
    cached_tokens: int
    output_tokens: int
    first_logprobs: Mapping[int, float] = field(default_factory=dict)


def import_vllm() -> Any:  # noqa: ANN401 - no type checker can be asked to have it installed
    """Imports vLLM, configured to log only errors, to standard error.

    Raises:
        MissingExtraError: If vLLM is not installed.
    """
    if find_spec("vllm") is None:
        raise MissingExtraError(
            "vLLM is not installed: run pip install 'humorrank[vllm]' on a machine with a GPU"
        )
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    return import_module("vllm")


def check_engine_options(options: Mapping[str, Any]) -> None:
    """Rejects unknown engine options.

    Raises:
        OptionError: If an option is unknown; the message suggests the nearest known option.
        MissingExtraError: If vLLM is not installed.
    """
    import_vllm()
    arguments = fields(import_module("vllm.engine.arg_utils").EngineArgs)
    known = [option.name for option in arguments if option.name != "model"]
    for name in options:
        if name not in known:
            # There are hundreds of options, so only the nearest is named.
            raise OptionError(f"{name} is not an engine option of vLLM{near(name, known)}")


class Requests:
    """The requests of one caller and their answers; made by `VLLMEngine.requests`.

    Attributes:
        left: Number of unanswered requests.
    """

    def __init__(self, engine: VLLMEngine) -> None:
        self._engine = engine
        self._loop = asyncio.get_running_loop()
        self._answers: asyncio.Queue[list[tuple[int, EngineCompletion]] | None] = asyncio.Queue()
        self.left = 0
        self.given_up = False

    def add(self, wanted: Sequence[tuple[int, Sequence[int], Any]]) -> None:
        """Adds requests.

        Args:
            wanted: Tuples of row, prompt tokens and `vllm.SamplingParams`. The rows of unanswered
                requests must be distinct.
        """
        self.left += len(wanted)
        self._engine.order([(self, *request) for request in wanted])

    async def answers(self) -> list[tuple[int, EngineCompletion]]:
        """Returns the next rows and answers, which finished in one step of the engine.

        Raises:
            JudgeError: If the engine has died.
        """
        answers = await self._answers.get()
        if answers is None:
            raise self._engine.fault()
        self.left -= len(answers)
        return answers

    def give_up(self) -> None:
        """Abandons all unanswered requests."""
        self.given_up = True

    def tell(self, answers: list[tuple[int, EngineCompletion]] | None) -> None:
        """Delivers answers from the engine's thread; None if no more will follow."""
        # If the loop is closed by now, nothing waits for the answers.
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._answers.put_nowait, answers)


_Wanted = tuple[Requests, int, Sequence[int], Any]


class VLLMEngine:
    """Runs `vllm.LLM` on a thread and keeps it busy.

    Any number of calls share the engine. Their requests are added while it works, and each is
    answered as soon as it is complete (continuous batching). The engine core is a separate
    process, which computes while this one renders, parses and stores. Ctrl-C does not reach it, so
    that requests in flight can be finished.

    Args:
        model: Name of the model on the Hugging Face hub, or a folder.
        options: Options of `vllm.LLM`, by name; they take precedence over `DEFAULTS`.
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
            JudgeError: If the model cannot be loaded.
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
        """The `vllm.LLM`, once it is loaded; it may be used only while no request is in flight."""
        return self._llm

    @property
    def alive(self) -> bool:
        """Whether the thread is running."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def tokenizer(self) -> Any:  # noqa: ANN401
        """The model's tokenizer, once it is loaded."""
        return self._llm.get_tokenizer()

    @property
    def longest(self) -> int:
        """The most tokens of prompt and answer together, once the model is loaded."""
        return int(self._llm.llm_engine.model_config.max_model_len)

    def requests(self) -> Requests:
        """Returns an object for the requests of one caller; the model must be loaded."""
        return Requests(self)

    def order(self, wanted: list[_Wanted]) -> None:
        """Passes requests to the thread."""
        self._orders.put(wanted)
        if self._ended:
            self._tell_all()

    async def close(self) -> None:
        """Stops the engine and its processes, and abandons requests in flight."""
        if self._thread is None:
            return
        self._closing = True
        self._orders.put([])
        while self._thread.is_alive():
            if not self._ready.is_set():
                _stop_loading()
            await asyncio.sleep(0.02)

    def fault(self) -> JudgeError:
        """Returns the exception for the error that stopped the engine."""
        error = self._error
        said = " ".join(str(error).split()) or type(error).__name__
        what = "cannot start" if self._llm is None else "cannot continue"
        told = JudgeError(f"vLLM {what} with {self.model}: {said[:1000]}")
        told.__cause__ = error
        return told

    def _run(self) -> None:
        llm = None
        try:
            # If it started later, it would unblock the signal that is blocked below.
            resource_tracker.ensure_running()
            # The engine's processes inherit this mask. A terminal sends Ctrl-C to all of them,
            # and they would drop the requests in flight.
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
        """Accepts new requests, aborts abandoned ones, and runs one step of the engine."""
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
        """Adds some of the waiting requests to the engine."""
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
        """Reports to all callers that no more answers will follow."""
        with suppress(queue.Empty):
            while True:
                self._wanted.extend(self._orders.get_nowait())
        askers = {requests for requests, _ in self._running.values()}
        for requests in askers | {requests for requests, *_ in self._wanted}:
            requests.tell(None)


def _stop_loading() -> None:
    """Kills the engine core that a constructor waits for.

    The constructor cannot be interrupted, but raises once the process has exited.
    """
    for process in multiprocessing.active_children():
        if process.name.startswith("EngineCore"):
            process.kill()


def _outer(key: str) -> str:
    """Returns the external id of a request, with which vLLM answers, from its internal id."""
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
