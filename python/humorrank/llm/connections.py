"""Persistent connections to one address, with the proxy and the certificates of the environment."""

from __future__ import annotations

import importlib
import json
import os
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from humorrank.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    import aiohttp

LARGEST: Final = 1 << 20
"""Most bytes of an answer."""

_PROXIES: Final = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_CERTIFICATES: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_IDLE: Final = 30.0
"""Seconds after which an idle connection is closed."""


class UnreachableError(Exception):
    """Raised if no connection can be made."""


class BrokenError(Exception):
    """Raised if a connection fails during a request, or its answer is too long."""


class InvalidAddressError(Exception):
    """Raised for an address that is not one."""


class Connections:
    """Sends requests to one address.

    Args:
        url: Address.
        headers: Headers of every request.
        most: Most connections at a time.

    Raises:
        MissingExtraError: If a required library is not installed.
        InputError: If the environment names a proxy or certificates that cannot be used.
    """

    def __init__(self, url: str, headers: Mapping[str, str], most: int) -> None:
        try:
            import aiohttp  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise MissingExtraError(
                f"an endpoint requires {error.name}: pip install 'humorrank[openai]'"
            ) from None
        self._aiohttp = aiohttp
        self._url, self._most = url, most
        parts = urlsplit(url)
        # A name and a password in the address take the place of a key.
        self._headers = {} if parts.username is not None else dict(headers)
        self._proxy = _proxy(url)
        self._socks = self._proxy is not None and self._proxy.startswith("socks")
        self._certificates = _certificates() if parts.scheme == "https" else None
        if self._socks:
            _socks_library()
        self._session: aiohttp.ClientSession | None = None

    async def post(self, body: Mapping[str, Any]) -> tuple[int, Mapping[str, str], bytes]:
        """Sends a request and returns the status, the headers and the content of its answer.

        There is no limit on its time.

        Raises:
            InvalidAddressError: If the address is not one.
            UnreachableError: If no connection can be made.
            BrokenError: If the connection fails, or the answer is longer than `LARGEST` bytes.
        """
        library = self._aiohttp
        if self._session is None:
            self._session = self._opened()
        data = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        try:
            async with self._session.post(
                self._url,
                data=data.encode("utf-8", "surrogatepass"),
                allow_redirects=False,
                proxy=None if self._socks else self._proxy,
            ) as response:
                content = await self._content(response)
                return response.status, response.headers, content
        except library.InvalidURL as error:
            raise InvalidAddressError(str(error)) from None
        except library.ClientConnectorError as error:
            raise UnreachableError(str(error.os_error) or type(error).__name__) from None
        except library.ClientHttpProxyError as error:
            raise UnreachableError(f"the proxy answers {error.status} {error.message}") from None
        except (library.ClientError, ConnectionError) as error:
            raise BrokenError(str(error) or type(error).__name__) from None

    async def close(self) -> None:
        """Closes the connections; a further request opens new ones."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def _content(self, response: aiohttp.ClientResponse) -> bytes:
        parts, size = [], 0
        async for part in response.content.iter_any():
            parts.append(part)
            size += len(part)
            if size > LARGEST:
                response.close()
                raise BrokenError(f"the answer is longer than {LARGEST:,} bytes")
        return b"".join(parts)

    def _opened(self) -> aiohttp.ClientSession:
        library = self._aiohttp
        if self._socks:
            assert self._proxy is not None
            connector: aiohttp.BaseConnector = _socks_library().ProxyConnector.from_url(
                self._proxy, limit=self._most, ssl=self._certificates or False
            )
        else:
            connector = library.TCPConnector(
                limit=self._most,
                keepalive_timeout=_IDLE,
                ssl=True if self._certificates is None else self._certificates,
            )
        session: aiohttp.ClientSession = library.ClientSession(
            connector=connector,
            headers={"Content-Type": "application/json", **self._headers},
            cookie_jar=library.DummyCookieJar(),
            timeout=library.ClientTimeout(total=None, connect=None, sock_connect=None),
        )
        return session


def _proxy(url: str) -> str | None:
    """Returns the proxy for an address, if the environment names one."""
    parts = urlsplit(url)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(parts.hostname or ""):
        return None
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    try:
        found = urlsplit(proxy)
        valid = bool(found.hostname) and (found.port is None or found.port > 0)
    except ValueError:
        valid = False
    if not valid or found.scheme not in ("http", "https", "socks4", "socks5", "socks5h"):
        raise InputError(
            f"the environment names a proxy that is not a valid address ({_set(_PROXIES)}); "
            "write it as http://HOST:PORT"
        )
    # The library knows one spelling, with which names are resolved by the proxy.
    return proxy.replace("socks5h://", "socks5://", 1)


def _certificates() -> ssl.SSLContext:
    names = [os.environ.get(name) or None for name in _CERTIFICATES]
    try:
        for name in names:
            if name is not None:
                Path(name).stat()
        return ssl.create_default_context(cafile=names[0], capath=names[1])
    except OSError as error:
        raise InputError(
            f"the certificates in {_set(_CERTIFICATES)} cannot be read: {error.strerror or error}"
        ) from None


def _socks_library() -> Any:  # noqa: ANN401 - a module without types
    try:
        return importlib.import_module("aiohttp_socks")
    except ImportError:
        raise InputError(
            f"a SOCKS proxy ({_set(_PROXIES)}) requires aiohttp-socks: pip install aiohttp-socks"
        ) from None


def _set(names: Sequence[str]) -> str:
    """Returns the environment variables that are set, for a message without their values."""
    found = [name for name in names if os.environ.get(name) or os.environ.get(name.lower())]
    return ", ".join(found or names)
