"""Compiles the programs from the sources; they are static, and linked by themselves, so that they name their parts."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

from command import ReleaseError, run

# The program that is every driver, by the name it was called by.
PROGRAM = "staticctl"
PROGRAMS = ["staticcc", "staticcxx", "staticfc", PROGRAM]

RUST_FLAGS = ["-Ctarget-feature=+crt-static", "-Crelocation-model=static", "-Cforce-unwind-tables=no"]
C_FLAGS = ["-fno-asynchronous-unwind-tables"]

# A panic ends the programs (Cargo.toml), so that tables for unwinding would be a megabyte that nothing reads. Where a module
# has debug information of lines, as Rust's library has, LLVM makes them all the same: they are taken out before the link.
# Cargo links its build scripts and macros by the same command, which keep theirs.
LINKER = """#!/bin/sh
case " $* " in
    *"/deps/{program}-"*)
        for file; do
            case "$file" in
                *.rcgu.o) "$({compiler} -print-prog-name=objcopy)" -R .eh_frame -R .rela.eh_frame "$file" || exit ;;
            esac
        done ;;
esac
exec "${{RELEASE_LINKER:-{compiler}}}" "$@"
"""


def built(root: Path, into: Path, machine: str, driver: Path | None = None) -> dict[str, Path]:
    """The programs for a machine, by their names, below `into`.

    Those for another than this one are linked by `driver`, a program of this one (which is made first where it is not
    given), with the compiler whose name begins with the machine's; cargo needs Rust's library for it."""
    own = os.uname().machine
    if machine != own and driver is None:
        driver = built(root, into, own)[PROGRAM]
    target = f"{machine}-unknown-linux-gnu"
    program = into / target / "release" / PROGRAM
    compiler = "cc" if machine == own else f"{machine}-linux-gnu-gcc"
    command = ["cargo", "build", "--locked", "--release", "--target", target, "--bin", PROGRAM]
    places, env = environment(root, into, target, compiler)
    if driver is None:
        run(command, "the programs can't be built", cwd=root, env=env)
        driver = program
    linker = into / "driver" / compiler
    linker.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(driver, linker)
    linker.chmod(0o755)
    # What is missing is linked again, of what is compiled.
    for file in [program, *(program.parent / "deps").glob(f"{PROGRAM}-*")]:
        if file.suffix != ".d":
            file.unlink(missing_ok=True)
    run(command, "the program can't be linked by itself", cwd=root, env=env | {"RELEASE_LINKER": str(linker)})
    data = program.read_bytes()
    for place in places:
        if os.fsencode(place) + b"/" in data:
            raise ReleaseError(f"`{place}` is named in `{program}`")
    programs = {name: into / "programs" / machine / name for name in PROGRAMS}
    shutil.rmtree(programs[PROGRAM].parent, ignore_errors=True)
    programs[PROGRAM].parent.mkdir(parents=True)
    for named in programs.values():
        os.link(program, named)
    return programs


def environment(root: Path, into: Path, target: str, compiler: str) -> tuple[list[Path], dict[str, str]]:
    """That of cargo, and the places of this machine that the programs must not name."""
    home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    places = {root: "/staticcxx", home: "/cargo", into: "/target"}
    flags = RUST_FLAGS + [f"--remap-path-prefix={place}={name}" for place, name in places.items()]
    # The C sources of crates.
    c_flags = C_FLAGS + [f"-ffile-prefix-map={place}={name}" for place, name in places.items()]
    env = {name: value for name, value in os.environ.items() if not name.startswith("STATICCXX_")}
    # Places may have blanks.
    env |= {"CARGO_ENCODED_RUSTFLAGS": "\x1f".join(flags), "CFLAGS": shlex.join(c_flags), "CC_SHELL_ESCAPED_FLAGS": "1"}
    env["CARGO_TARGET_DIR"] = str(into)
    # Of one name for all links: with another linker cargo compiles everything again.
    into.mkdir(parents=True, exist_ok=True)
    linker = into / f"{target}-linker"
    linker.write_text(LINKER.format(program=PROGRAM, compiler=compiler))
    linker.chmod(0o755)
    env[f"CARGO_TARGET_{target.upper().replace('-', '_')}_LINKER"] = str(linker)
    return list(places), env | commit_of(root)


def commit_of(root: Path) -> dict[str, str]:
    """What the program says that it was built of; nothing for sources that are no repository."""
    try:
        said = subprocess.run(["git", "-C", root, "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return {}
    return {"SOURCE_COMMIT": os.environ.get("SOURCE_COMMIT", said.stdout.strip())}
