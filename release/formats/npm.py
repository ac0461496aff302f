"""Packages for Node: one that is asked for, one with the programs for each machine, of which npm takes the one that fits,
and one with the toolchain. They hold no links either."""

import json
from pathlib import Path

from archives import PackedFile, gzip_of, tar_of
from inputs import Release
from programs import PROGRAMS
from pack import flat


def program_package(release: Release) -> str:
    return f"staticcxx-linux-{release.machine.npm}"


def toolchain_package(release: Release) -> str:
    return f"staticcxx-toolchain-linux-{release.machine.npm}"


def main(release: Release, into: Path) -> Path:
    launcher = release.root / "release/launch.sh"
    files = [PackedFile(f"bin/{name}", launcher, True) for name in PROGRAMS]
    toolchain = toolchain_package(release)
    package = {
        "bin": {name: f"bin/{name}" for name in PROGRAMS},
        "optionalDependencies": {program_package(release): release.version},
        "peerDependencies": {toolchain: release.version},
        "peerDependenciesMeta": {toolchain: {"optional": True}},
    }
    text = f"""# staticcxx

{release.about["description"]}.

`npm install staticcxx` installs the drivers for the compiler that the machine has; together with `{toolchain}` they need
nothing else:

    npx staticcxx hello.cpp -o hello
"""
    return write(release, into, "staticcxx", release.about["description"], package, files, text)


def program(release: Release, into: Path) -> Path:
    files = [
        PackedFile(f"bin/{name}", release.programs[name] if name == "staticctl" else release.launcher, True)
        for name in PROGRAMS
    ]
    summary = f"The programs of the package staticcxx, for Linux on {release.machine.name}"
    return write(release, into, program_package(release), summary, fits(release), files, f"# staticcxx\n\n{summary}.\n")


def toolchain(release: Release, into: Path) -> Path:
    pack = release.pack
    prefix = f"lib/staticcxx/toolchains/{pack.name}"
    files = [file._replace(place=f"{prefix}/{file.place}") for file in flat(pack)]
    summary = f"A toolchain for the package staticcxx: {pack.manifest['compiler']} with musl, for {release.machine.name}"
    text = f"# {toolchain_package(release)}\n\n{summary}.\n\nWhat its files are from is in `{prefix}/pack.json`, and the "
    text += f"licences are in `{prefix}/share/doc`.\n"
    package = fits(release) | {"license": f"SEE LICENSE IN {prefix}/share/doc"}
    return write(release, into, toolchain_package(release), summary, package, files, text)


def fits(release: Release) -> dict:
    return {"cpu": [release.machine.npm]}


def write(
    release: Release, into: Path, name: str, summary: str, package: dict, files: list[PackedFile], text: str
) -> Path:
    head = {
        "name": name,
        "version": release.version,
        "description": summary,
        "license": f"({release.about['license']})",
        "os": ["linux"],
    }
    own = [PackedFile(file.name, file) for file in release.licences]
    described = json.dumps(head | package, indent=2) + "\n"
    own += [PackedFile("README.md", text.encode()), PackedFile("package.json", described.encode())]
    placed = [file._replace(place=f"package/{file.place}") for file in [*own, *files]]
    tgz = into / f"{name}-{release.version}.tgz"
    tgz.write_bytes(gzip_of(tar_of(placed, release.time)))
    return tgz
