"""What a release is made of, read and checked."""

import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from archives import COMPRESSOR
from command import ReleaseError, output_of, run
from crates import Crate, crates_in, library_texts, texts_of
from pack import Pack, PackError, read_pack
from programs import PROGRAM, PROGRAMS, built

# Below the source directory: what is made first.
OWN = "target/release-programs"


@dataclass(frozen=True)
class Machine:
    """What an architecture is called by each kind of package."""

    # As the kernel and rpm have it.
    name: str
    elf: int
    npm: str
    # As Go has it, and dpkg.
    oci: str
    wheel: tuple[str, ...]


# What formats run, and Debian's packages with it.
TOOLS = {
    "zstd": "zstd",
    COMPRESSOR[0]: "libdeflate-tools",
    "cargo": "cargo",
    "dpkg-deb": "dpkg",
    "rpmbuild": "rpm",
}

# Programs and toolchain are static: they need no C library of any version, and a kernel as old as the tags promise.
MACHINES = {
    "x86_64": Machine("x86_64", 62, "x64", "amd64", ("manylinux_2_17_x86_64", "musllinux_1_1_x86_64")),
    "aarch64": Machine("aarch64", 183, "arm64", "arm64", ("manylinux_2_17_aarch64", "musllinux_1_1_aarch64")),
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
    # What runs `staticctl`: words of a command.
    staticctl: list[str | Path]
    # Where unfinished files are.
    work: Path
    # Starts the program beside it under its own name; none without a pack.
    launcher: Path | None
    # Only for formats that ask for it.
    pack: Pack | None

    @property
    def licences(self) -> list[Path]:
        return sorted(self.root.glob("LICENSE-*"))

    @property
    def examples(self) -> list[str]:
        """Their places in the sources: what git knows, so that nothing is taken that was built there."""
        command = ["git", "-C", self.root, "ls-files", "examples"]
        try:
            found = subprocess.run(command, capture_output=True, text=True).stdout.split()
        except OSError:
            found = []
        files = (self.root / "examples").rglob("*")
        return sorted(found or [str(path.relative_to(self.root)) for path in files if path.is_file()])

    @cached_property
    def pages(self) -> dict[str, bytes]:
        """The manual, by the names of its files; every program has a page."""
        into = self.work / "pages"
        run([*self.staticctl, "man", into], "the man pages can't be written")
        return {page.name: page.read_bytes() for page in sorted(into.iterdir())}

    @cached_property
    def completions(self) -> dict[str, bytes]:
        """By shell."""
        def of(shell: str) -> bytes:
            return output_of([*self.staticctl, "completions", shell], "the completions can't be made").encode()

        return {shell: of(shell) for shell in ("bash", "zsh", "fish")}

    @cached_property
    def crates(self) -> list[Crate]:
        return crates_in(self.programs["staticctl"], self.staticctl, self.root, self.machine.name)

    @cached_property
    def licences_of_parts(self) -> bytes:
        """Those of all that is linked in, in one text."""
        libraries = library_texts(self.programs["staticctl"], self.staticctl, self.work / "licences")
        return texts_of(self.crates, libraries)

    @property
    def packaged_version(self) -> str:
        """As dpkg and rpm order versions: what comes before a release has a tilde."""
        return self.version.replace("-", "~", 1).replace("-", ".")


def read_release(
    root: Path, work: Path, version: str | None, pack: Path | None, packed: bool = True, machine: str | None = None
) -> Release:
    """What the formats are made of, for a machine or for that of given programs or this one; a pack only if it is `packed`."""
    about = tomllib.loads((root / "Cargo.toml").read_text())["package"]
    if version not in (None, about["version"]):
        raise ReleaseError(f"the version in Cargo.toml is {about['version']}, not {version}")
    if pack is not None and not pack.is_file():
        raise ReleaseError(f"there is no file `{pack}`")
    programs = given_programs()
    of = machine_of(programs) if programs else None
    wanted = wanted_machine(machine, of)
    # Before minutes go into programs and pack.
    if packed and pack is None and wanted.name != os.uname().machine:
        raise ReleaseError(f"a pack for {wanted.name} is made on such a machine: give it with --pack, or see --only")
    found = read(pack, work) if pack and packed else None
    runner = emulator(wanted)
    if programs is None or wanted is not of:
        # Programs for this machine link those for another.
        programs = built(root, root / OWN, wanted.name, programs and programs[PROGRAM])
    staticctl = [*runner, programs[PROGRAM]]
    # Also where there is another C library than this machine's.
    run([*staticctl, "check", *programs.values()], "the programs are not static", stdout=subprocess.DEVNULL)
    launcher = None
    if packed:
        found = found or read(made_pack(programs[PROGRAM], root / OWN), work)
        checked(found, wanted, about["version"])
        launcher = compiled(found, root / "release/launch.c", work / "launch")
    return Release(root, about["version"], about, time_of(root), wanted, programs, staticctl, work, launcher, found)


def given_programs() -> dict[str, Path] | None:
    bin_dir = os.environ.get("STATICCXX_BIN")
    return {name: Path(bin_dir).absolute() / name for name in PROGRAMS} if bin_dir else None


def wanted_machine(name: str | None, of_programs: Machine | None) -> Machine:
    """The one that is named, else that of given programs, else this one."""
    machine = MACHINES[name] if name else of_programs or MACHINES.get(os.uname().machine)
    if machine is None:
        raise ReleaseError(f"there is no release for {os.uname().machine}: name one of {', '.join(MACHINES)} with --machine")
    return machine


def need(tools: Iterable[str]) -> None:
    """Each is on PATH, or a ReleaseError says which isn't."""
    for tool in tools:
        if not shutil.which(tool):
            raise ReleaseError(
                f"the program `{tool}` is not installed: `apt install {TOOLS[tool]}`, or name other formats with --only"
            )


def checked(pack: Pack, machine: Machine, version: str) -> None:
    if pack.machine != machine.name:
        raise ReleaseError(f"`{pack.file}` is for {pack.machine}, the programs are for {machine.name}")
    if pack.manifest["made_by"] != version:
        raise ReleaseError(f"`{pack.file}` was made by version {pack.manifest['made_by']}, not {version}")


def read(pack: Path, work: Path) -> Pack:
    try:
        return read_pack(pack, work / "pack")
    except PackError as error:
        raise ReleaseError(f"`{pack}` is not a pack: {error}") from None


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
    return machine


def emulator(machine: Machine) -> list[str]:
    """What runs its programs here: nothing where they are this machine's."""
    if machine.name == os.uname().machine:
        return []
    names = [f"qemu-{machine.name}-static", f"qemu-{machine.name}"]
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise ReleaseError(
            f"the programs are for {machine.name}, and `{names[0]}`, which runs them here, is not installed: "
            "`apt install qemu-user-static`"
        )
    return [found]


def made_pack(staticctl: Path, into: Path) -> Path:
    """A pack for this machine."""
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
