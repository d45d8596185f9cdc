"""Endpoints that speak OpenAI's chat completions, asked through all that can go wrong."""

from __future__ import annotations

import asyncio
import email.utils
import json
import os
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit, urlunsplit

from humorrank._util.checks import positive, whole
from humorrank.errors import JudgeError, MissingExtraError, OptionError

if TYPE_CHECKING:
    import httpx
    from tenacity import AttemptManager, RetryCallState

OPENAI: Final = "https://api.openai.com/v1"

_FATAL: Final = {
    401: "check the key, and the address",
    402: "the account has no credit left: top it up, and go on",
    403: "check the key, and the address",
    404: "name a model that it has, and check the address",
}
"""A wrong key, no credit, a model or a path that does not exist: what to do, since nothing is to be
had from asking again."""
_NO_CREDIT: Final = "insufficient_quota"
"""What OpenAI calls it, under the status of too many requests."""
_PASSING: Final = (408, 409, 425, 429)
"""Beside 5xx, what may be otherwise a moment later."""
_FIRST_WAIT, _LONGEST_WAIT, _LONGEST_ASKED = 0.5, 30.0, 120.0
"""Seconds: before the first retry, before any, and as long as an endpoint may ask us to wait."""
_LARGEST: Final = 1 << 20
"""Bytes of an answer that can still be meant."""
_MOST_TOKENS: Final = 1 << 31
"""Of one completion; a count from here on cannot be meant."""
_ROUNDING: Final = 1e-3
"""How far above 0 a logarithm of a probability may come out."""


@dataclass(frozen=True)
class Endpoint:
    """Where and how to ask.

    Attributes:
        base_url: of the endpoint; OPENAI_BASE_URL of the environment, or else OpenAI's, if None.
        api_key_env: the variable of the environment that holds the key.
        api_key_file: a file that holds it instead.
        timeout: seconds that one attempt may take, all of it.
        retries: how often what did not come through is asked for again.
        body: further fields of the request, as they are.
    """

    base_url: str | None = None
    api_key_env: str = "OPENAI_API_KEY"
    api_key_file: str | None = None
    timeout: float = 120.0
    retries: int = 3
    body: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuses values that cannot be.

        Raises:
            OptionError: saying which and what is allowed.
        """
        for name in ("base_url", "api_key_env", "api_key_file"):
            value = getattr(self, name)
            if not isinstance(value, str) and (name == "api_key_env" or value is not None):
                raise OptionError(f"{name} must be text, not {value!r}")
        if not positive("timeout", self.timeout):
            raise OptionError("timeout must be above 0")
        whole("retries", self.retries, most=100)
        if not isinstance(self.body, Mapping):
            raise OptionError(f"body must be a table (body.NAME=VALUE), not {self.body!r}")
        for name in ("model", "messages", "stream", "n"):
            if name in self.body:
                raise OptionError(f"body.{name} cannot be set")
        if not self.url.startswith(("http://", "https://")):
            raise OptionError(f"base_url must begin with http:// or https://, not {self.url!r}")
        if self.base_url is not None and "@" in urlsplit(self.base_url).netloc:
            raise OptionError("base_url must hold no name or password: OPENAI_BASE_URL may")

    @property
    def url(self) -> str:
        """Where to ask."""
        return (self.base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI).rstrip("/")

    @property
    def place(self) -> str:
        """Where to ask, without a name and password that may stand there."""
        parts = urlsplit(self.url)
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=""))

    def key(self) -> str | None:
        """The key, if there is one.

        Raises:
            OptionError: the file cannot be read, or there is no key where one is needed.
        """
        if self.api_key_file is not None:
            try:
                found = Path(self.api_key_file).expanduser().read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError):
                raise OptionError(f"api_key_file {self.api_key_file}: cannot be read") from None
            if not found:
                raise OptionError(f"api_key_file {self.api_key_file}: is empty")
        else:
            found = os.environ.get(self.api_key_env, "").strip()
        if not found and self.url == OPENAI:
            raise OptionError(
                f"api_key_env: the environment has no {self.api_key_env}; --set api_key_file=FILE "
                "names a file instead, --set base_url=URL another endpoint"
            )
        if not found.isascii() or not found.isprintable():
            raise OptionError("api_key_env: the key holds characters that no header can carry")
        return found or None


@dataclass(frozen=True)
class Completion:
    """What one attempt brought.

    Attributes:
        text: what the model wrote; empty where it wrote nothing.
        refusal: why it would not, where it says so.
        cut: whether the text ends because a limit of tokens was reached.
        prompt_tokens: of this attempt, if told.
        cached_tokens: how many of these the endpoint had in its cache; 0 if it does not say.
        output_tokens: of this attempt, if told.
        first_logprobs: the likeliest first tokens, and the logarithms of their probabilities.
    """

    text: str
    refusal: str | None = None
    cut: bool = False
    prompt_tokens: int | None = None
    cached_tokens: int = 0
    output_tokens: int | None = None
    first_logprobs: Sequence[tuple[str, float]] = ()


class AgainError(Exception):
    """An attempt came to nothing; another may come to something.

    Attributes:
        wait: seconds that the endpoint asked for; None if it did not.
    """

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class RejectedError(Exception):
    """An endpoint will not do what it was asked, and would not the next time."""


class Client:
    """One model at one endpoint, on connections that stay open.

    Args:
        model: the model, as the endpoint calls it.
        endpoint: where and how to ask.
        connections: the most at once.

    Raises:
        MissingExtraError: httpx or tenacity is not installed.
        OptionError: there is no key.
    """

    def __init__(self, model: str, endpoint: Endpoint, connections: int) -> None:
        try:
            import httpx  # noqa: PLC0415 - an extra
            import tenacity  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise MissingExtraError(
                f"an endpoint is asked with {error.name}: pip install 'humorrank[openai]'"
            ) from None
        self._httpx, self._tenacity = httpx, tenacity
        self._model, self.endpoint, self._connections = model, endpoint, connections
        self._key = endpoint.key()
        self._client: httpx.AsyncClient | None = None
        self._reached = self._answered = False
        self._asking = 0
        self._since = self._busy = 0.0

    def attempts(self) -> AsyncIterator[AttemptManager]:
        """As many as the endpoint's settings allow, with waits in between.

        In `async for attempt in client.attempts(): with attempt: ...` an AgainError makes another,
        after an exponential wait with jitter, or as long as the endpoint asked; the last one's
        is raised.
        """
        tenacity = self._tenacity
        growing = tenacity.wait_exponential(_FIRST_WAIT, _LONGEST_WAIT)
        growing += tenacity.wait_random(0, _FIRST_WAIT)

        def wait(state: RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome is not None else None
            asked = error.wait if isinstance(error, AgainError) else None
            return growing(state) if asked is None else min(asked, _LONGEST_ASKED)

        retrying: AsyncIterator[AttemptManager] = aiter(
            tenacity.AsyncRetrying(
                stop=tenacity.stop_after_attempt(self.endpoint.retries + 1),
                wait=wait,
                retry=tenacity.retry_if_exception_type(AgainError),
                reraise=True,
            )
        )
        return retrying

    async def ask(
        self, messages: Sequence[Mapping[str, str]], fields: Mapping[str, Any]
    ) -> Completion:
        """One attempt.

        Args:
            messages: what the model is told.
            fields: of the request; those of `Endpoint.body` stand above them.

        Raises:
            AgainError: it did not come through, or is no chat completion.
            RejectedError: the endpoint will not do this one.
            JudgeError: it will do none: the key, the model or the address is wrong.
        """
        httpx, endpoint = self._httpx, self.endpoint
        body = {"model": self._model, "messages": list(messages), **fields, **endpoint.body}
        if not self._asking:
            self._since = time.perf_counter()
        self._asking += 1
        try:
            async with asyncio.timeout(endpoint.timeout):
                status, headers, content = await self._post(body)
        except (TimeoutError, httpx.TimeoutException):
            raise AgainError(f"no answer within {endpoint.timeout:g} s") from None
        except httpx.ConnectError as error:
            reason = f"{endpoint.place} cannot be reached: {error}"
            raise (AgainError if self._reached else _UnreachedError)(reason) from None
        except httpx.InvalidURL as error:
            raise JudgeError(f"base_url {endpoint.place}: {error}") from None
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise AgainError(f"the connection failed: {reason}") from None
        finally:
            self._asking -= 1
            if not self._asking:
                self._busy += time.perf_counter() - self._since
        if status != 200:
            raise self._refused(status, headers, content)
        completion = _completion(content)
        self._answered = True
        return completion

    @property
    def busy(self) -> float:
        """Seconds in which something was asked."""
        now = time.perf_counter() - self._since if self._asking else 0.0
        return self._busy + now

    async def close(self) -> None:
        """Closes the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _post(self, body: Mapping[str, Any]) -> tuple[int, httpx.Headers, bytes]:
        httpx = self._httpx
        if self._client is None:
            limits = httpx.Limits(
                max_connections=self._connections, max_keepalive_connections=self._connections
            )
            # Waits for a free connection are the work of others, and no fault of this attempt's.
            self._client = httpx.AsyncClient(
                headers={} if self._key is None else {"Authorization": f"Bearer {self._key}"},
                timeout=self.endpoint.timeout,
                limits=limits,
            )
        url = f"{self.endpoint.url}/chat/completions"
        async with self._client.stream("POST", url, json=body) as response:
            self._reached = True
            parts, size = [], 0
            async for part in response.aiter_bytes():
                parts.append(part)
                size += len(part)
                if size > _LARGEST:
                    raise AgainError(f"the answer is longer than {_LARGEST:,} bytes")
        return response.status_code, response.headers, b"".join(parts)

    def _refused(self, status: int, headers: httpx.Headers, content: bytes) -> Exception:
        """The error of an answer that is none."""
        error = _error(content)
        said = f"status {status}{self._said(error, content)}"
        where = f"{self.endpoint.place}, model {self._model}: {said}"
        if isinstance(error, dict) and _NO_CREDIT in (error.get("code"), error.get("type")):
            return JudgeError(f"{where}; {_FATAL[402]}")
        if status in _FATAL:
            return JudgeError(f"{where}; {_FATAL[status]}")
        if status in _PASSING or status >= 500:
            return AgainError(said, _asked(headers.get("retry-after")))
        if not self._answered:
            # It has answered nothing yet: what it does not like is rather the settings.
            return JudgeError(f"{where}; it has answered nothing so far")
        return RejectedError(said)

    def _said(self, error: object, content: bytes) -> str:
        """What an endpoint says of an error; a key that it repeats is taken out."""
        said = error.get("message") if isinstance(error, dict) else error
        said = content[:2000].decode("utf-8", "replace") if said is None else _shown(str(said))
        if self._key:
            said = said.replace(self._key, "...")
        said = " ".join(said.split())[:300]
        return f": {said}" if said else ""


class _UnreachedError(AgainError, JudgeError):
    """Nothing was ever heard of the endpoint: after all attempts that ends the run."""


def _error(content: bytes) -> object:
    """What stands for the error in an answer; None if nothing does."""
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return answer.get("error") if isinstance(answer, dict) else None


def _shown(text: str) -> str:
    """A text that can be stored and printed: half a surrogate pair stands as its escape."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _completion(content: bytes) -> Completion:
    try:
        answer = json.loads(content)
        choice = answer["choices"][0]
        message, finish = choice["message"], choice.get("finish_reason")
        text, refusal = message.get("content"), message.get("refusal")
        usage = answer.get("usage") or {}
        details = usage.get("prompt_tokens_details") or {}
        tokens = (
            usage.get("prompt_tokens"),
            details.get("cached_tokens"),
            usage.get("completion_tokens"),
        )
        if not all(n is None or type(n) is int for n in tokens):
            raise TypeError
        if not all(said is None or isinstance(said, str) for said in (text, refusal, finish)):
            raise TypeError
        if text is not None:
            text.encode("utf-8")  # Half a surrogate pair is no text, and cannot be stored.
        logprobs = _first(choice.get("logprobs"))
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError):
        raise AgainError("the answer is no chat completion") from None
    if finish == "content_filter" and not refusal:
        refusal = finish
    # An answer is none the worse for a count that cannot be: that is not told.
    prompt, cached, output = (n if n is None or 0 <= n < _MOST_TOKENS else None for n in tokens)
    return Completion(
        text or "",
        _shown(refusal) if refusal else None,
        finish == "length",
        prompt,
        cached or 0,
        output,
        logprobs,
    )


def _first(logprobs: Any) -> list[tuple[str, float]]:  # noqa: ANN401
    """The likeliest tokens in the first place."""
    if not logprobs or not logprobs.get("content"):
        return []
    first = logprobs["content"][0]
    listed = first.get("top_logprobs") or [first]
    found = [(str(token["token"]), float(token["logprob"])) for token in listed]
    if not all(logprob <= _ROUNDING for _, logprob in found):
        raise ValueError  # Neither above certainty, nor nan.
    return [(token, min(logprob, 0.0)) for token, logprob in found]


def _asked(text: str | None) -> float | None:
    """What Retry-After says, in seconds."""
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        pass
    else:
        # Neither nan nor a time before now.
        return seconds if seconds > 0 else 0.0
    try:
        moment: float = email.utils.parsedate_to_datetime(text).timestamp()
        return max(0.0, moment - time.time())
    except (ValueError, OverflowError):
        return None
