"""A client for endpoints with OpenAI's chat completions API, with retries and error handling."""

from __future__ import annotations

import asyncio
import email.utils
import json
import os
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit, urlunsplit

from humorrank._util.checks import positive, whole
from humorrank.errors import JudgeError, OptionError
from humorrank.llm.connections import (
    BrokenError,
    Connections,
    InvalidAddressError,
    UnreachableError,
)
from humorrank.llm.secrets import Secrets, without_user

_Result = TypeVar("_Result")

OPENAI: Final = "https://api.openai.com/v1"

_FATAL: Final = {
    401: "check the key and the address",
    402: "the account has no credit left: add credit and resume",
    403: "check the key and the address",
    404: "check the name of the model and the address",
}
"""Advice for statuses that no retry can help: a wrong key, no credit, or an unknown model or
path."""
_NO_CREDIT: Final = "insufficient_quota"
"""OpenAI's code for no credit, which comes with the status 429 (too many requests)."""
_PASSING: Final = (408, 409, 425, 429)
"""Statuses besides 5xx that are worth a retry."""
_FIRST_WAIT, _LONGEST_WAIT, _LONGEST_ASKED = 0.5, 30.0, 120.0
"""Seconds: wait before the first retry, longest wait, and longest wait that an endpoint can set."""
_MOST_TOKENS: Final = 1 << 31
"""Bound on the token counts of one completion; a count of at least this many is invalid."""
_ROUNDING: Final = 1e-3
"""Largest rounding error by which a log-probability may exceed 0."""


@dataclass(frozen=True)
class Endpoint:
    """Address and settings of an endpoint.

    Attributes:
        base_url: Base URL of the endpoint. If None, the environment variable OPENAI_BASE_URL, or
            else OpenAI's address.
        api_key_env: Environment variable that holds the key.
        api_key_file: File that holds the key, instead of the variable.
        timeout: Seconds that one attempt may take in total.
        retries: Number of retries after a failed request.
        body: Further fields of the request, which are passed on unchanged.
    """

    base_url: str | None = None
    api_key_env: str = "OPENAI_API_KEY"
    api_key_file: str | None = None
    timeout: float = 120.0
    retries: int = 3
    body: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Rejects invalid values.

        Raises:
            OptionError: If a value is invalid; the message states the allowed values.
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
        name = "base_url (OPENAI_BASE_URL)" if self.base_url is None else "base_url"
        if not self.url.startswith(("http://", "https://")):
            shown = without_user(self.url)
            raise OptionError(f"{name} must begin with http:// or https://, not {shown!r}")
        try:
            parts = urlsplit(self.url)
            valid = bool(parts.hostname) and parts.port != 0
        except ValueError:
            valid = False
        if not valid or not self.url.isprintable() or " " in self.url:
            raise OptionError(f"{name}: {without_user(self.url)!r} is not a valid address")
        if self.base_url is not None and "@" in parts.netloc:
            raise OptionError(
                "base_url must not contain a name or a password; put them in OPENAI_BASE_URL"
            )

    @property
    def url(self) -> str:
        """The base URL of the endpoint."""
        return (self.base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI).rstrip("/")

    @property
    def place(self) -> str:
        """The base URL without name, password, query and fragment."""
        parts = urlsplit(self.url)
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit(parts._replace(netloc=host, query="", fragment=""))

    def key(self) -> str | None:
        """Reads the key, if there is one.

        Raises:
            OptionError: If the file cannot be read, or a required key is missing.
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
                f"api_key_env: the environment variable {self.api_key_env} is not set; set "
                "api_key_file to read a file instead, or base_url for another endpoint (--set "
                "api_key_file=FILE or --set base_url=URL)"
            )
        if not found.isascii() or not found.isprintable():
            raise OptionError("api_key_env: the key contains characters that a header cannot carry")
        return found or None


@dataclass(frozen=True)
class Completion:
    """The result of one attempt.

    Attributes:
        text: Text of the model; empty if it wrote nothing.
        refusal: Reason for a refusal, if the endpoint marks the answer as one.
        cut: Whether the text was cut off at the token limit.
        prompt_tokens: Prompt tokens of this attempt, if reported.
        cached_tokens: Prompt tokens that the endpoint had in its cache; 0 if not reported.
        output_tokens: Output tokens of this attempt, if reported.
        first_logprobs: The likeliest first tokens and their log-probabilities.
    """

    text: str
    refusal: str | None = None
    cut: bool = False
    prompt_tokens: int | None = None
    cached_tokens: int = 0
    output_tokens: int | None = None
    first_logprobs: Sequence[tuple[str, float]] = ()


class AgainError(Exception):
    """Raised for an attempt that failed and should be retried.

    Attributes:
        wait: Seconds to wait before the next attempt, if the endpoint specified them.
    """

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class RejectedError(Exception):
    """Raised if an endpoint rejects a request, so that a retry would not help."""


class Client:
    """Sends requests to one model at one endpoint, on persistent connections.

    Args:
        model: Name of the model at the endpoint.
        endpoint: Address and settings of the endpoint.
        connections: Most concurrent connections.

    Raises:
        MissingExtraError: If aiohttp is not installed.
        OptionError: If a required key is missing.
        InputError: If the environment names a proxy or certificates that cannot be used.
    """

    def __init__(self, model: str, endpoint: Endpoint, connections: int) -> None:
        self._model, self.endpoint = model, endpoint
        key = endpoint.key()
        self.secrets = Secrets((key, urlsplit(endpoint.url).password))
        self._connections = Connections(
            f"{endpoint.url}/chat/completions",
            {} if key is None else {"Authorization": f"Bearer {key}"},
            connections,
        )
        self._reached = self._answered = False
        self._asking = 0
        self._since = self._busy = 0.0

    async def retried(self, attempt: Callable[[], Awaitable[_Result]]) -> _Result:
        """Makes attempts up to the limit in the endpoint's settings, with waits in between.

        The wait after a failure is exponential with jitter, unless the endpoint specified one.

        Args:
            attempt: Makes one attempt. After an AgainError, another one is made.

        Raises:
            AgainError: From the last attempt.
        """
        for number in range(self.endpoint.retries):
            try:
                return await attempt()
            except AgainError as error:
                growing = min(_FIRST_WAIT * 2.0**number, _LONGEST_WAIT)
                growing += random.uniform(0, _FIRST_WAIT)
                asked = error.wait
            await asyncio.sleep(growing if asked is None else min(asked, _LONGEST_ASKED))
        return await attempt()

    async def ask(
        self, messages: Sequence[Mapping[str, str]], fields: Mapping[str, Any]
    ) -> Completion:
        """Makes one attempt.

        Args:
            messages: Chat messages.
            fields: Fields of the request; those of `Endpoint.body` take precedence.

        Raises:
            AgainError: If the request failed, or the answer is not a chat completion.
            RejectedError: If the endpoint rejects this request.
            JudgeError: If the endpoint rejects every request, because the key, the model or the
                address is wrong.
        """
        endpoint = self.endpoint
        body = {"model": self._model, "messages": list(messages), **fields, **endpoint.body}
        if not self._asking:
            self._since = time.perf_counter()
        self._asking += 1
        try:
            # The limit also covers the wait for a free connection, which other requests cause.
            async with asyncio.timeout(endpoint.timeout):
                status, headers, content = await self._connections.post(body)
            self._reached = True
        except TimeoutError:
            raise AgainError(f"no answer within {endpoint.timeout:g} s") from None
        except UnreachableError as error:
            reason = f"{endpoint.place} cannot be reached: {self.secrets.hidden(str(error))}"
            raise (AgainError if self._reached else _UnreachedError)(reason) from None
        except InvalidAddressError as error:
            reason = self.secrets.hidden(str(error))
            raise JudgeError(f"base_url {endpoint.place}: {reason}") from None
        except BrokenError as error:
            self._reached = True
            reason = self.secrets.hidden(str(error))
            raise AgainError(f"the connection failed: {reason}") from None
        finally:
            self._asking -= 1
            if not self._asking:
                self._busy += time.perf_counter() - self._since
        if status != 200:
            raise self._refused(status, headers, content)
        completion = self._without_secrets(_completion(content))
        self._answered = True
        return completion

    def _without_secrets(self, completion: Completion) -> Completion:
        """Returns an answer in which the endpoint does not repeat the key."""
        clean = self.secrets.removed
        return replace(
            completion,
            text=clean(completion.text),
            refusal=clean(completion.refusal),
            first_logprobs=clean(completion.first_logprobs),
        )

    @property
    def busy(self) -> float:
        """Seconds during which at least one request was in flight."""
        now = time.perf_counter() - self._since if self._asking else 0.0
        return self._busy + now

    async def close(self) -> None:
        """Closes the connections."""
        await self._connections.close()

    def _refused(self, status: int, headers: Mapping[str, str], content: bytes) -> Exception:
        """Returns the exception for an answer with an error status."""
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
            # No request has succeeded yet, so the settings are the likelier cause.
            return JudgeError(f"{where}; no request has succeeded so far: check the settings")
        return RejectedError(said)

    def _said(self, error: object, content: bytes) -> str:
        """Returns the endpoint's message for an error, with the key removed if it is repeated."""
        said = error.get("message") if isinstance(error, dict) else error
        said = content.decode("utf-8", "replace") if said is None else _shown(str(said))
        # The text is cut last, because a part of the key would not be found.
        said = " ".join(self.secrets.hidden(said).split())[:300]
        return f": {said}" if said else ""


class _UnreachedError(AgainError, JudgeError):
    """Raised if the endpoint has never been reached; after the last attempt, it ends the run."""


def _error(content: bytes) -> object:
    """Returns the error field of an answer; None if there is none."""
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return answer.get("error") if isinstance(answer, dict) else None


def _shown(text: str) -> str:
    """Returns a text that can be stored and printed, with unpaired surrogates escaped."""
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
            text.encode("utf-8")  # An unpaired surrogate cannot be stored.
        logprobs = _first(choice.get("logprobs"))
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError):
        raise AgainError("the answer is not a chat completion") from None
    if finish == "content_filter" and not refusal:
        refusal = finish
    # An invalid token count does not invalidate the answer; it counts as not reported.
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
    """Returns the likeliest first tokens with their log-probabilities."""
    if not logprobs or not logprobs.get("content"):
        return []
    first = logprobs["content"][0]
    listed = first.get("top_logprobs") or [first]
    found = [(str(token["token"]), float(token["logprob"])) for token in listed]
    if not all(logprob <= _ROUNDING for _, logprob in found):
        raise ValueError  # A probability above 1, or NaN.
    return [(token, min(logprob, 0.0)) for token, logprob in found]


def _asked(text: str | None) -> float | None:
    """Returns the value of a Retry-After header in seconds."""
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        pass
    else:
        # NaN and negative values become 0.
        return seconds if seconds > 0 else 0.0
    try:
        moment: float = email.utils.parsedate_to_datetime(text).timestamp()
        return max(0.0, moment - time.time())
    except (ValueError, OverflowError):
        return None
