"""A pack, as `staticctl toolchain pack` writes it, and the same tree for packages that hold no links."""

import hashlib
import json
import posixpath
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from archives import PackedFile

MANIFEST = "pack.json"


class PackError(Exception):
    """Why a file is no pack."""


@dataclass(frozen=True)
class Pack:
    file: Path
    # Of the archive without its compression.
    tar_digest: str
    # Where it is unpacked.
    tree: Path
    # Place to target.
    links: dict[str, str]
    # pack.json.
    manifest: dict

    @property
    def machine(self) -> str:
        return self.manifest["machine"]

    @property
    def name(self) -> str:
        return self.manifest["name"]


def read_pack(file: Path, tree: Path) -> Pack:
    """Unpacks a pack and compares its files with their digests."""
    with file.open("rb") as start:
        if start.read(4) != b"\x28\xb5\x2f\xfd":
            raise PackError("it is not compressed with zstd")
    command = ["zstd", "-dcq", "--long=31", "--", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as zstd:
        stream = DigestingReader(zstd.stdout)
        try:
            with tarfile.open(fileobj=stream, mode="r|") as archive:
                digests, links = unpack(archive, tree)
            while stream.read(1 << 20):
                pass
        except tarfile.TarError as error:
            raise PackError(str(error)) from None
        finally:
            zstd.stdout.close()
    if zstd.returncode != 0:
        raise PackError("its compression is damaged")
    return Pack(file, stream.digest.hexdigest(), tree, links, verified(tree, digests))


class DigestingReader:
    """A stream that remembers the digest of what was read."""

    def __init__(self, stream):
        self.stream = stream
        self.digest = hashlib.sha256()

    def read(self, size: int) -> bytes:
        data = self.stream.read(size)
        self.digest.update(data)
        return data


def unpack(archive: tarfile.TarFile, tree: Path) -> tuple[dict[str, str], dict[str, str]]:
    digests, links = {}, {}
    for member in archive:
        place = posixpath.normpath(member.name)
        if leaves(place) or member.issym() and leaves(posixpath.join(posixpath.dirname(place), member.linkname)):
            raise PackError(f"`{member.name}` leads out of it")
        path = tree / place
        if member.isdir():
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if member.issym():
            links[place] = member.linkname
            path.symlink_to(member.linkname)
        elif member.isreg():
            data = archive.extractfile(member).read()
            digests[place] = hashlib.sha256(data).hexdigest()
            path.write_bytes(data)
            path.chmod(0o755 if member.mode & 0o100 else 0o644)
        else:
            raise PackError(f"`{member.name}` is neither a file nor a directory nor a link")
    return digests, links


def leaves(place: str) -> bool:
    return posixpath.normpath(place).startswith(("/", ".."))


def verified(tree: Path, digests: dict[str, str]) -> dict:
    if MANIFEST not in digests:
        raise PackError(f"it has no `{MANIFEST}`")
    try:
        manifest = json.loads((tree / MANIFEST).read_bytes())
        named = {file["path"]: file["sha256"] for file in manifest["files"]}
        complete = all(manifest[key] for key in ("id", "name", "machine", "made_by", "toolchains"))
    except (ValueError, KeyError, TypeError):
        raise PackError(f"its `{MANIFEST}` is damaged") from None
    found = {place: digest for place, digest in digests.items() if place != MANIFEST}
    if named != found or not complete:
        raise PackError(f"its files are not those of its `{MANIFEST}`")
    return manifest


# What GCC runs, in the tree of its own target; and what builds call themselves. What else is a program is left out of
# packages: each brings the same libraries again.
RUN_BY_GCC = ["as", "ld"]
CALLED_BY_BUILDS = ["ar", "nm"]

# Instead of a program of a megabyte.
RANLIB = b"""#!/bin/sh
# What ranlib does, by the archiver beside it.
for file; do
    case $file in
    -*) ;;
    *) "${0%/*}/ar" s "$file" || exit ;;
    esac
done
"""

# GCC passes on its name if it is there. It is in the linker and the archiver, which know it by that name: an empty file does.
PLUGIN = "liblto_plugin.so"

# For directories that GCC would look for in the working directory if they were not there.
README = b"What is put here is found by the compiler: headers in `include`, archives in `lib`.\n"


def flat(pack: Pack) -> list[PackedFile]:
    """The tree without links: every program under the one name by which it is found."""
    places = program_places(pack)
    own = [PackedFile("usr/bin/ranlib", RANLIB, True)]
    own += [PackedFile(f"{place}/README", README) for place in empty_directories(pack)]
    files, records = [], []
    for record in pack.manifest["files"]:
        place = record["path"]
        if place in places:
            place = places[place]
        elif place.startswith(("bin/", "usr/bin/")):
            continue
        if place.endswith(f"/{PLUGIN}"):
            own.append(PackedFile(place, b""))
            continue
        files.append(PackedFile(place, pack.tree / record["path"], record.get("executable", False)))
        records.append(record | {"path": place})
    files += own
    records += map(record_of, own)
    manifest = identified(pack.manifest | {"files": records})
    return sorted([*files, PackedFile(MANIFEST, manifest)], key=lambda file: file.place)


def empty_directories(pack: Pack) -> list[str]:
    directories = [path for path in pack.tree.rglob("*") if path.is_dir() and not path.is_symlink()]
    return sorted(str(path.relative_to(pack.tree)) for path in directories if not any(path.iterdir()))


def record_of(file: PackedFile) -> dict:
    """A file as it is in pack.json."""
    digest = hashlib.sha256(file.data()).hexdigest()
    record = {"path": file.place, "size": len(file.data()), "sha256": digest}
    return record | ({"executable": True} if file.executable else {})


def program_places(pack: Pack) -> dict[str, str]:
    """File to the place that it has in a tree without links."""
    names = []
    for descriptor in sorted(pack.tree.glob("toolchain*.json")):
        for commands in json.loads(descriptor.read_text())["find"].values():
            names += [words[0].removeprefix("{here}/") for words in commands]
    for tool in RUN_BY_GCC:
        names += sorted(str(path.relative_to(pack.tree)) for path in pack.tree.glob(f"usr/*/bin/{tool}"))
    names += [f"usr/bin/{tool}" for tool in CALLED_BY_BUILDS]
    return {resolved(pack, name): name for name in names}


def resolved(pack: Pack, place: str) -> str:
    """The file behind a name."""
    while place in pack.links:
        place = posixpath.normpath(posixpath.join(posixpath.dirname(place), pack.links[place]))
    return place


def identified(manifest: dict) -> bytes:
    """As staticctl writes it: the id is the beginning of the digest of all else."""
    def text(identity: str) -> bytes:
        return (json.dumps(manifest | {"id": identity}, indent=2, ensure_ascii=False) + "\n").encode()

    return text(hashlib.sha256(text("")).hexdigest()[:12])
