"""Zip archives, which contain one file to read or are a spreadsheet."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from humorrank.errors import InputError
from humorrank.matches.log.tables.layers import bzip2, damaged, inflated, xz
from humorrank.matches.log.tables.stream import CHUNK, Layered

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
    return [info for info in infos if not _is_of_system(info.filename)]


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
    """Returns whether a name is that of a folder or of a file that systems add."""
    if name.endswith("/"):
        return True
    path = PurePosixPath(name)
    hidden = path.name.startswith("._") or path.name.lower() in _OF_SYSTEMS
    return hidden or path.parts[:1] == ("__MACOSX",)


def member(path: Path, info: zipfile.ZipInfo, label: str) -> Layered:
    """Returns the content of a file in a zip archive."""
    suffixes = [suffix.lower() for suffix in Path(info.filename).suffixes]
    return Layered(path, lambda _: member_pieces(path, info, label), suffixes)


def member_pieces(path: Path, info: zipfile.ZipInfo, label: str) -> Iterator[bytes]:
    """Yields the content of a file in a zip archive in pieces.

    Raises:
        InputError: If the archive is damaged or its compression is not supported.
    """
    if info.compress_type == zipfile.ZIP_BZIP2:
        yield from _checked(inflated(_raw(path, info), bzip2(label), label), info, label)
    elif info.compress_type == zipfile.ZIP_LZMA:
        raw = _lzma_alone(_raw(path, info), info)
        yield from _checked(inflated(raw, xz(label, alone=True), label), info, label)
    elif info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        try:
            with zipfile.ZipFile(path) as archive, archive.open(info) as file:
                yield from iter(lambda: file.read(CHUNK), b"")
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            OSError,
            ValueError,
            RuntimeError,
        ) as error:
            raise damaged(label, error) from None
    else:
        message = f"is a zip archive in which {info.filename!r} is compressed with a method that "
        message += f"is not supported (number {info.compress_type}); unpack it"
        raise InputError(message, file=label)


def _raw(path: Path, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yields the compressed bytes of a file in a zip archive."""
    with path.open("rb") as file:
        file.seek(info.header_offset)
        header = file.read(30)
        lengths: tuple[int, int] = struct.unpack("<HH", header[26:30].ljust(4, b"\0"))
        file.seek(sum(lengths), 1)
        left = info.compress_size
        while left and (piece := file.read(min(left, CHUNK))):
            left -= len(piece)
            yield piece


def _lzma_alone(pieces: Iterator[bytes], info: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yields LZMA data of a zip archive with the header of a file of its own.

    Unlike a raw decompressor, one for such files limits its memory.
    """
    first = next(pieces, b"")
    ends_with_mark = info.flag_bits & 2
    size = b"\xff" * 8 if ends_with_mark else struct.pack("<Q", info.file_size)
    yield first[4:9] + size + first[9:]
    yield from pieces


def _checked(pieces: Iterator[bytes], info: zipfile.ZipInfo, label: str) -> Iterator[bytes]:
    """Checks the size and the checksum of the content of a file in a zip archive."""
    size = checksum = 0
    for piece in pieces:
        size += len(piece)
        checksum = zlib.crc32(piece, checksum)
        yield piece
    if (size, checksum) != (info.file_size, info.CRC):
        raise damaged(label, f"the checksum of {info.filename!r} is wrong")
