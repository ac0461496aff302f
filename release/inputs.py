"""What a release is made of, read and checked."""

import json
import os
import re
import shutil
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

from archives import COMPRESSOR
from pack import Pack, PackError, read_pack

# Below the source directory: what is made first.
OWN = "target/release-programs"

PROGRAMS = ["staticcc", "staticcxx", "staticfc", "staticctl"]


class ReleaseError(Exception):
    """Why nothing is written: one line."""


@dataclass(frozen=True)
class Machine:
    """What an architecture is called by each kind of package."""

    name: str
    elf: int
    npm: str
    oci: str
    wheel: tuple[str, ...]


# Programs and toolchain are static: they need no C library of any version, and a kernel as old as the tags promise.
MACHINES = {
    "x86_64": Machine("x86_64", 62, "x64", "amd64", ("manylinux_2_17_x86_64", "musllinux_1_1_x86_64")),
}


@dataclass(frozen=True)
class Release:
    root: Path
    version: str
    # Cargo.toml's `package`.
    about: dict
    # Seconds since 1970: that of every file.
    time: int
    machine: Machine
    programs: dict[str, Path]
    # Starts the program beside it under its own name.
    launcher: Path
    pack: Pack

    @property
    def licences(self) -> list[Path]:
        return sorted(self.root.glob("LICENSE-*"))


def read_release(root: Path, work: Path, version: str | None, pack: Path | None) -> Release:
    about = tomllib.loads((root / "Cargo.toml").read_text())["package"]
    if version not in (None, about["version"]):
        raise ReleaseError(f"the version in Cargo.toml is {about['version']}, not {version}")
    if pack is not None and not pack.is_file():
        raise ReleaseError(f"there is no file `{pack}`")
    for program in ("zstd", COMPRESSOR[0]):
        if not shutil.which(program):
            raise ReleaseError(f"the program `{program}` is not installed")
    bin_dir = os.environ.get("STATICCXX_BIN")
    programs = {name: Path(bin_dir).absolute() / name for name in PROGRAMS} if bin_dir else None
    # Before minutes go into programs and pack.
    found = read(pack, work) if pack else None
    programs = programs or built(root)
    machine = machine_of(programs)
    if found is None:
        found = read(made_pack(programs["staticctl"], root / OWN), work)
    if found.machine != machine.name:
        raise ReleaseError(f"`{found.file}` is for {found.machine}, the programs are for {machine.name}")
    if found.manifest["made_by"] != about["version"]:
        raise ReleaseError(f"`{found.file}` was made by version {found.manifest['made_by']}, not {about['version']}")
    launcher = compiled(found, root / "release/launch.c", work / "launch")
    return Release(root, about["version"], about, time_of(root), machine, programs, launcher, found)


def read(pack: Path, work: Path) -> Pack:
    try:
        return read_pack(pack, work / "pack")
    except PackError as error:
        raise ReleaseError(f"`{pack}` is not a pack: {error}") from None


def built(root: Path) -> dict[str, Path]:
    """Static programs in which no path of this machine is, linked by themselves, so that they name their parts."""
    target = f"{os.uname().machine}-unknown-linux-gnu"
    into = root / OWN
    home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    places = {root: "/staticcxx", home: "/cargo", into: "/target"}
    flags = ["-C target-feature=+crt-static -C relocation-model=static"]
    flags += [f"--remap-path-prefix={place}={name}" for place, name in places.items()]
    # The C sources of crates.
    c_flags = " ".join(f"-ffile-prefix-map={place}={name}" for place, name in places.items())
    env = os.environ | {"RUSTFLAGS": " ".join(flags), "CFLAGS": c_flags, "CARGO_TARGET_DIR": str(into)}
    # Of one name for both links: with another linker cargo compiles everything again.
    into.mkdir(parents=True, exist_ok=True)
    linker = into / "linker"
    linker.write_text('#!/bin/sh\nexec "${RELEASE_LINKER:-cc}" "$@"\n')
    linker.chmod(0o755)
    env[f"CARGO_TARGET_{target.upper().replace('-', '_')}_LINKER"] = str(linker)
    env = {name: value for name, value in env.items() if not name.startswith("STATICCXX_")}
    command = ["cargo", "build", "--locked", "--release", "--target", target]
    run(command, "the programs can't be built", cwd=root, env=env)
    programs = {name: into / target / "release" / name for name in PROGRAMS}
    driver = into / "driver/staticcc"
    driver.parent.mkdir(exist_ok=True)
    shutil.copyfile(programs["staticcc"], driver)
    driver.chmod(0o755)
    # What is missing is linked again, of what is compiled.
    for name, program in programs.items():
        for file in [program, *(program.parent / "deps").glob(f"{name}-*")]:
            if file.suffix != ".d":
                file.unlink(missing_ok=True)
    run(command, "the programs can't be linked by themselves", cwd=root, env=env | {"RELEASE_LINKER": str(driver)})
    for name, program in programs.items():
        data = program.read_bytes()
        for place in places:
            if os.fsencode(place) + b"/" in data:
                raise ReleaseError(f"`{place}` is named in `{name}`")
    return programs


def machine_of(programs: dict[str, Path]) -> Machine:
    for name, program in programs.items():
        try:
            with program.open("rb") as file:
                head = file.read(20)
        except OSError as error:
            raise ReleaseError(f"`{program}`: {error.strerror}") from None
        elf = int.from_bytes(head[18:20], "little")
        machine = next((m for m in MACHINES.values() if m.elf == elf), None)
        if head[:4] != b"\x7fELF" or machine is None:
            raise ReleaseError(f"`{program}` is not a program for {' or '.join(MACHINES)}")
    # Also where there is another C library than this machine's.
    run([programs["staticctl"], "check", *programs.values()], "the programs are not static", stdout=subprocess.DEVNULL)
    return machine


def made_pack(staticctl: Path, into: Path) -> Path:
    into.mkdir(parents=True, exist_ok=True)
    pack = into / "pack.tar.zst"
    # Of toolchains that are nobody's but the release's.
    env = os.environ | {"XDG_DATA_HOME": str(into / "data"), "XDG_CACHE_HOME": str(into / "cache")}
    run([staticctl, "toolchain", "install", "musl", "--yes", "-q"], "musl can't be built", env=env)
    run([staticctl, "toolchain", "pack", "-q", "-o", pack], "the toolchain can't be packed", env=env)
    return pack


def compiled(pack: Pack, source: Path, into: Path) -> Path:
    """By the packed compiler, so that it depends on the pack and on nothing else."""
    command = [pack.tree / "usr/bin/gcc", "-Os", "-s", "-static", "-Wall", "-Wextra", "-Werror", "-o", into, source.name]
    env = {"PATH": "/nowhere", "LC_ALL": "C", "TMPDIR": str(into.parent)}
    run(command, f"`{source.name}` can't be compiled", cwd=source.parent, env=env)
    return into


def time_of(root: Path) -> int:
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        if not re.fullmatch(r"[0-9]{1,11}", given):
            raise ReleaseError(f"SOURCE_DATE_EPOCH is no number of seconds: {given}")
        return int(given)
    command = ["git", "-C", root, "log", "-1", "--format=%ct"]
    try:
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    except (OSError, subprocess.CalledProcessError, ValueError):
        raise ReleaseError("the time of the last commit is not known: set SOURCE_DATE_EPOCH") from None


def run(command: list, why: str, **options) -> None:
    try:
        subprocess.run(command, check=True, **options)
    except OSError as error:
        raise ReleaseError(f"{why}: `{command[0]}`: {error.strerror}") from None
    except subprocess.CalledProcessError as error:
        raise ReleaseError(f"{why}: `{Path(command[0]).name}` ended with status {error.returncode}") from None
