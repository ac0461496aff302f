"""The crates and libraries that are in the programs, with their licences: what each says of itself, and their texts."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from command import ReleaseError, output_of

# What files with licences and notices are called.
NAMES = ("LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE")
WHY = "the licences of the crates are not known"


@dataclass(frozen=True)
class Crate:
    name: str
    version: str
    # As SPDX writes it.
    licence: str
    authors: tuple[str, ...]
    texts: tuple[Path, ...]


def crates_in(program: Path, staticctl: list, root: Path, machine: str) -> list[Crate]:
    """Those that the program names, from cargo's metadata of the sources.

    `staticctl` is the command that runs it. Raises ReleaseError, also where a crate of the program is not in Cargo.lock."""
    named = set(output_of([*staticctl, "parts", program, "--format", "purl"], WHY).split())
    named = {purl.removeprefix("pkg:cargo/").split("?")[0] for purl in named if purl.startswith("pkg:cargo/")}
    command = ["cargo", "metadata", "--locked", "--format-version", "1"]
    command += ["--filter-platform", f"{machine}-unknown-linux-gnu"]
    # There, since cargo looks for its configuration from where it is.
    packages = json.loads(output_of(command, WHY, cwd=root))["packages"]
    known = {f"{about['name']}@{about['version']}": about for about in packages}
    if unknown := sorted(name for name in named if name.replace("%2B", "+") not in known):
        raise ReleaseError(f"`{program}` is of other sources than these: {unknown[0]} is not in Cargo.lock")
    return [crate_of(known[name.replace("%2B", "+")]) for name in sorted(named) if not name.startswith("staticcxx@")]


def crate_of(about: dict) -> Crate:
    directory = Path(about["manifest_path"]).parent
    files = [path for path in sorted(directory.iterdir()) if path.is_file() and path.name.upper().startswith(NAMES)]
    # Before SPDX had a syntax for it.
    licence = (about["license"] or "LicenseRef-of-its-own").replace("/", " OR ").replace("  ", " ")
    return Crate(about["name"], about["version"], licence, tuple(about["authors"]), tuple(files))


def library_texts(program: Path, staticctl: list, into: Path) -> dict[str, Path]:
    """The copyright files of the libraries that it names, and the common licences that these refer to, by what they are of.

    None for programs that were linked by others, which name no libraries."""
    # Its status is 1: crates have no copyright files.
    subprocess.run([*staticctl, "licenses", program, "-o", into], capture_output=True)
    found = {path.parent.name: path for path in sorted(into.glob("packages/*/copyright"))}
    return found | {f"{path.name} (referred to)": path for path in sorted(into.glob("common-licenses/*"))}


def texts_of(crates: list[Crate], libraries: dict[str, Path]) -> bytes:
    """One document: the crates, then each text once, with those that it is of."""
    lines = ["The programs are also of these crates and of libraries. Below are the texts of their licences, each once.", ""]
    lines += [f"{crate.name} {crate.version}: {crate.licence}" for crate in crates]
    owners: dict[str, list[str]] = {}
    of_crates = [(f"{crate.name} {crate.version}", path) for crate in crates for path in crate.texts]
    for name, path in [*of_crates, *libraries.items()]:
        text = path.read_text(errors="replace").replace("\r\n", "\n").strip("\n")
        owners.setdefault(text, []).append(name)
    for text, names in owners.items():
        lines += ["", "-" * 80, f"Of {', '.join(dict.fromkeys(names))}:", "", text]
    return ("\n".join(lines) + "\n").encode()
