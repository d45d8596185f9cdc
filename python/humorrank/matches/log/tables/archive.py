"""Zip archives, which contain one file to read or are a spreadsheet."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath
from typing import Final

from humorrank.errors import InputError
from humorrank.matches.log.tables.layers import damaged

MAGIC: Final = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
"""The first bytes of a zip archive: with files, without, and in parts."""

_SHOWN: Final = 10
_ENCRYPTED: Final = 1
_OF_SYSTEMS: Final = frozenset({".ds_store", "thumbs.db", "desktop.ini"})

_DOCUMENTS: Final = {
    "xl/workbook.bin": "a binary Excel file (xlsb); save it as xlsx or as CSV",
    "word/document.xml": "a Word document; save its table as CSV",
    "ppt/presentation.xml": "a PowerPoint presentation; save its table as CSV",
    "index/document.iwa": "a Numbers document; export it as Excel (xlsx) or CSV",
    "meta-inf/manifest.xml": "an OpenDocument file (ods); save the sheet as xlsx or CSV",
}
"""Documents that are zip archives and not supported, by the name of a file in them."""


def is_spreadsheet(infos: list[zipfile.ZipInfo]) -> bool:
    """Returns whether the files in an archive are those of an Excel file."""
    return any(info.filename.lower() == "xl/workbook.xml" for info in infos)


def files_in(path: Path, label: str) -> list[zipfile.ZipInfo]:
    """Returns the files in an archive, without folders and the files that systems add.

    Raises:
        InputError: If the archive is damaged, or is a document of another kind.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError) as error:
        raise damaged(label, error) from None
    for info in infos:
        reason = _DOCUMENTS.get(info.filename.lower())
        if reason is not None:
            raise InputError(f"is {reason}", file=label)
    return [info for info in infos if not info.is_dir() and not _is_of_system(info.filename)]


def only_file(infos: list[zipfile.ZipInfo], label: str) -> zipfile.ZipInfo:
    """Returns the only file in an archive.

    Raises:
        InputError: If there is no file or more than one, or if it is encrypted.
    """
    if not infos:
        raise InputError("is a zip archive without files", file=label)
    if len(infos) > 1:
        shown = ", ".join(repr(info.filename) for info in infos[:_SHOWN])
        more = f" and {len(infos) - _SHOWN} more" if len(infos) > _SHOWN else ""
        message = f"is a zip archive of several files ({shown}{more}); unpack it (`unzip`) and "
        message += "name the files to read"
        raise InputError(message, file=label)
    if infos[0].flag_bits & _ENCRYPTED:
        message = "is a zip archive with a password; unpack it first (`unzip`)"
        raise InputError(message, file=label)
    return infos[0]


def _is_of_system(name: str) -> bool:
    path = PurePosixPath(name)
    hidden = path.name.startswith("._") or path.name.lower() in _OF_SYSTEMS
    return hidden or path.parts[0] == "__MACOSX"
