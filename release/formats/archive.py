"""Archives to unpack below any prefix: `tar -xf FILE --strip-components=1 -C /usr/local`."""

from pathlib import Path

from archives import gzip_of, tar_of, zstd_of
from inputs import Release
from tree import DOC, installed


def gzipped(release: Release, into: Path) -> Path:
    return write(into / f"{name(release)}.tar.gz", gzip_of(content(release)))


def zstandard(release: Release, into: Path) -> Path:
    return write(into / f"{name(release)}.tar.zst", zstd_of(content(release)))


def name(release: Release) -> str:
    return f"staticcxx-{release.version}-{release.machine.name}-linux"


def content(release: Release) -> bytes:
    tree = installed(release)
    for file in release.licences:
        tree.put(f"{DOC}/{file.name}", file)
    tree.put(f"{DOC}/LICENSES-of-parts.txt", release.licences_of_parts)
    tree.put(f"{DOC}/CHANGELOG.md", release.root / "CHANGELOG.md")
    tree = tree.below(name(release))
    return tar_of(tree.files, release.time, dict.fromkeys(tree.directories, 0o755), tree.links)


def write(file: Path, data: bytes) -> Path:
    file.write_bytes(data)
    return file
