"""Modules that are imported when they are first used, since not every command needs them."""

from __future__ import annotations

import importlib
import sys
import types
from typing import Any


class _Deferred(types.ModuleType):
    """A placeholder for a module until one of its attributes is used."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the module holds
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        module = importlib.import_module(self.__name__)
        vars(self).update(vars(module))
        return getattr(module, name)


def defer(name: str) -> None:
    """Defers the import of a module until one of its attributes is used.

    Until then its submodules must not be imported by name (`import name.submodule`).
    """
    if name not in sys.modules:
        sys.modules[name] = _Deferred(name)
