"""Zip, gzip and tar, in which nothing but the contents, their names and one time makes a difference.

Compressed by libdeflate, which finds 4 % more than zlib's best level, and gives the same bytes whichever zlib a Python has."""

import io
import struct
import subprocess
import tarfile
import time
import zlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

COMPRESSOR = ["libdeflate-gzip", "-12", "-c"]

# The first moment that a zip archive can tell.
EARLIEST = 315532800


class PackedFile(NamedTuple):
    """A file for an archive: its bytes, or the file that has them."""

    place: str
    content: bytes | Path
    executable: bool = False

    def data(self) -> bytes:
        return self.content if isinstance(self.content, bytes) else self.content.read_bytes()

    @property
    def mode(self) -> int:
        return 0o755 if self.executable else 0o644


def gzip_of(data: bytes) -> bytes:
    """RFC 1952, without a name and a time."""
    return subprocess.run(COMPRESSOR, input=data, stdout=subprocess.PIPE, check=True).stdout


def zstd_of(data: bytes) -> bytes:
    """RFC 8878, by one thread: their number makes a difference."""
    command = ["zstd", "-19", "--long=27", "--single-thread", "-cq"]
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


def tar_of(
    files: Iterable[PackedFile],
    seconds: int,
    directories: dict[str, int] | None = None,
    links: dict[str, str] | None = None,
) -> bytes:
    """Directories, by their modes, come first, and links, place to target, last."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for place, mode in (directories or {}).items():
            entry = tarfile.TarInfo(place)
            entry.type, entry.mode, entry.mtime = tarfile.DIRTYPE, mode, seconds
            archive.addfile(entry)
        for file in sorted(files, key=lambda file: file.place):
            data = file.data()
            entry = tarfile.TarInfo(file.place)
            entry.size, entry.mode, entry.mtime = len(data), file.mode, seconds
            archive.addfile(entry, io.BytesIO(data))
        for place, target in sorted((links or {}).items()):
            entry = tarfile.TarInfo(place)
            entry.type, entry.linkname, entry.mode, entry.mtime = tarfile.SYMTYPE, target, 0o777, seconds
            archive.addfile(entry)
    return tar.getvalue()


def zip_of(files: Iterable[PackedFile], seconds: int) -> bytes:
    """PKWARE's APPNOTE 4.3: each file with its header, then all headers again."""
    year, month, day, hour, minute, second = time.gmtime(max(seconds, EARLIEST))[:6]
    moment = hour << 11 | minute << 5 | second // 2, (year - 1980) << 9 | month << 5 | day
    body, directory, count = bytearray(), bytearray(), 0
    with ThreadPoolExecutor() as pool:
        for file, (checksum, size, packed) in pool.map(lambda file: (file, deflated(file.data())), files):
            name = file.place.encode("ascii")
            # Version 2.0, no flags, deflate.
            common = struct.pack("<5H3I2H", 20, 0, 8, *moment, checksum, len(packed), size, len(name), 0)
            # By Unix, so that the mode counts.
            mode = (0o100000 | file.mode) << 16
            directory += struct.pack("<I2B", 0x02014B50, 20, 3) + common + struct.pack("<3H2I", 0, 0, 0, mode, len(body)) + name
            body += struct.pack("<I", 0x04034B50) + common + name + packed
            count += 1
    end = struct.pack("<I4H2IH", 0x06054B50, 0, 0, count, count, len(directory), len(body), 0)
    return bytes(body + directory + end)


def deflated(data: bytes) -> tuple[int, int, bytes]:
    """Checksum, size and compressed bytes of a file: gzip's without its ten bytes of header and eight at the end."""
    return zlib.crc32(data), len(data), gzip_of(data)[10:-8]
