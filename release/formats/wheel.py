"""Wheels: what pip and uv install into an environment.

Scripts come to its bin, data below its prefix, where the programs find a toolchain in ../lib/staticcxx/toolchains. Wheels
hold no links and know no compression but zip's."""

import base64
import hashlib
from pathlib import Path

from archives import PackedFile, zip_of
from inputs import Release
from pack import flat


def program(release: Release, into: Path) -> Path:
    scripts = f"staticcxx-{release.version}.data/scripts"
    files = [
        PackedFile(f"{scripts}/{name}", release.programs[name] if name == "staticctl" else release.launcher, True)
        for name in release.programs
    ]
    fields = [
        "Requires-Python: >=3.7",
        f"License-Expression: {release.about['license']}",
        *[f"License-File: {file.name}" for file in release.licences],
        f"Keywords: {','.join(release.about['keywords'])}",
        "Classifier: Environment :: Console",
        "Classifier: Operating System :: POSIX :: Linux",
        "Classifier: Topic :: Software Development :: Compilers",
        "Provides-Extra: toolchain",
        f'Requires-Dist: staticcxx-toolchain == {release.version} ; extra == "toolchain"',
    ]
    return write(release, into, "staticcxx", release.about["description"], fields, files, about_program(release))


def about_program(release: Release) -> str:
    return f"""# staticcxx

{release.about["description"]}.

`pip install staticcxx` installs `staticcc`, `staticcxx`, `staticfc` and `staticctl` for the compiler that the machine has;
`pip install 'staticcxx[toolchain]'` brings {compiler(release)} too, and needs nothing else:

    CC=staticcc CXX=staticcxx make
"""


def compiler(release: Release) -> str:
    languages = " and ".join(language.upper() for language in release.pack.manifest["languages"])
    return f"a compiler for {languages} ({release.pack.manifest['compiler']}, musl)"


def toolchain(release: Release, into: Path) -> Path:
    pack = release.pack
    prefix = f"staticcxx_toolchain-{release.version}.data/data/lib/staticcxx/toolchains/{pack.name}"
    files = [file._replace(place=f"{prefix}/{file.place}") for file in flat(pack)]
    fields = ["Requires-Python: >=3.7", "Classifier: Operating System :: POSIX :: Linux"]
    summary = f"A toolchain for staticcxx: {pack.manifest['compiler']}, binutils and musl, as static programs"
    return write(release, into, "staticcxx-toolchain", summary, fields, files, about_toolchain(release))


def about_toolchain(release: Release) -> str:
    rows = "".join(
        f"| {package['name']} {package['version']} | {package['source']} {package['source_version']} "
        f"| {', '.join(sorted(set(package['licenses']))) or 'see its copyright file'} |\n"
        for package in release.pack.manifest["packages"]
    )
    return f"""# staticcxx-toolchain

For `pip install 'staticcxx[toolchain]'`: {compiler(release)}, with link-time optimization and OpenMP. It needs nothing of
the machine that it is on but the kernel.

What its files are from, each with its copyright file in `lib/staticcxx/toolchains/{release.pack.name}/share/doc`:

| package | source | licences |
|---|---|---|
{rows}"""


def write(
    release: Release, into: Path, name: str, summary: str, fields: list[str], files: list[PackedFile], text: str
) -> Path:
    start = f"{name.replace('-', '_')}-{release.version}"
    info = f"{start}.dist-info"
    head = ["Metadata-Version: 2.4", f"Name: {name}", f"Version: {release.version}", f"Summary: {summary}", *fields]
    metadata = "\n".join([*head, "Description-Content-Type: text/markdown", "", text])
    tags = [f"Tag: py3-none-{platform}" for platform in release.machine.wheel]
    about = ["Wheel-Version: 1.0", "Generator: staticcxx", "Root-Is-Purelib: false", *tags]
    licences = [PackedFile(f"{info}/licenses/{file.name}", file) for file in release.licences if "License-File" in metadata]
    files = [
        *files,
        *licences,
        PackedFile(f"{info}/METADATA", metadata.encode()),
        PackedFile(f"{info}/WHEEL", ("\n".join(about) + "\n").encode()),
    ]
    wheel = into / f"{start}-py3-none-{'.'.join(release.machine.wheel)}.whl"
    record = f"{info}/RECORD"
    lines = [*map(record_line, files), f"{record},,\n"]
    wheel.write_bytes(zip_of([*files, PackedFile(record, "".join(lines).encode())], release.time))
    return wheel


def record_line(file: PackedFile) -> str:
    data = file.data()
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{file.place},sha256={digest},{len(data)}\n"
