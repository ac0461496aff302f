"""A package for Debian and what is made of it, by dpkg-deb: of every release since dpkg 1.16, since it is compressed with xz.

It is staticcxx's own, not Debian's: its revision is always 1, and its changelog has one entry."""

import hashlib
import os
import subprocess
import textwrap
import time
from pathlib import Path

from archives import gzip_of
from command import output_of, run
from inputs import Release
from programs import PROGRAM
from tree import DOC, Tree, installed

# What lintian says of it that is meant to be so, with the reason.
OVERRIDES = {
    "statically-linked-binary": "It is static so that it runs on every release; Static-Built-Using says of what.",
    "embedded-library": "A crate in Rust (unsafe-libyaml) has the messages of libyaml.",
    "unknown-field Static-Built-Using": "dpkg knows it since 1.21.3 (deb-control(5)), lintian of Debian 12 does not.",
    "uses-dpkg-database-directly": "Each link asks which package a library is of: dpkg-query would take longer than the link.",
    "initial-upload-closes-no-bugs": "It is not uploaded to Debian.",
}
# Likewise, as long as Cargo.toml names nobody.
WITHOUT_AUTHORS = {
    "bogus-mail-host": "Cargo.toml names no authors, and so nobody to write to.",
    "bogus-mail-host-in-debian-changelog": "Likewise.",
}

SUMMARY = "drivers for C and C++ compilers that make every program static"
DESCRIPTION = """\
 With CC=staticcc and CXX=staticcxx any build makes fully static executables
 with the compiler that is installed, and the drivers read each one back to
 verify it. staticctl looks at programs and toolchains, runs whole builds,
 converts finished dynamic programs, and writes container images."""


def package(release: Release, into: Path) -> Path:
    tree = contents(release)
    root = release.work / "deb"
    tree.write(root, release.time)
    control = Tree()
    control.put("control", fields(release, tree).encode())
    control.put("md5sums", sums(tree).encode())
    control.write(root / "DEBIAN", release.time)
    file = into / f"staticcxx_{version(release)}_{release.machine.oci}.deb"
    # By one thread: their number makes a difference. Older ones know neither.
    env = os.environ | {"SOURCE_DATE_EPOCH": str(release.time), "DPKG_DEB_THREADS_MAX": "1"}
    command = ["dpkg-deb", "--root-owner-group", "-Zxz", "-z9", "--build", root, file]
    run(command, "the package for Debian can't be built", env=env, stdout=subprocess.DEVNULL)
    return file


def version(release: Release) -> str:
    return f"{release.packaged_version}-1"


def contents(release: Release) -> Tree:
    tree = installed(release, compressed=True, completions={"zsh": "share/zsh/vendor-completions/_staticctl"})
    tree.put(f"{DOC}/changelog.gz", gzip_of((release.root / "CHANGELOG.md").read_bytes()))
    tree.put(f"{DOC}/changelog.Debian.gz", gzip_of(changelog(release).encode()))
    tree.put(f"{DOC}/copyright", copyright_of(release).encode())
    tree.put(f"{DOC}/licenses-of-parts.txt.gz", gzip_of(release.licences_of_parts))
    overrides = OVERRIDES if release.about.get("authors") else OVERRIDES | WITHOUT_AUTHORS
    lines = [f"# {why}\nstaticcxx: {tag}\n" for tag, why in overrides.items()]
    tree.put("share/lintian/overrides/staticcxx", "".join(lines).encode())
    return tree.below("usr")


def maintainer(release: Release) -> str:
    """Who Cargo.toml names, or nobody in particular."""
    return (release.about.get("authors") or ["the staticcxx contributors <staticcxx@localhost.localdomain>"])[0]


def fields(release: Release, tree: Tree) -> str:
    about = release.about
    size = sum(-(-len(file.data()) // 1024) for file in tree.files) + len(tree.directories) + len(tree.links)
    command = [*release.staticctl, "parts", release.programs[PROGRAM], "--format", "static-built-using"]
    parts = output_of(command, "the parts of the programs are not known")
    values = {
        "Package": "staticcxx",
        "Version": version(release),
        "Architecture": release.machine.oci,
        "Maintainer": maintainer(release),
        "Installed-Size": str(size),
        "Recommends": "g++",
        "Suggests": "gfortran, musl-tools",
        "Static-Built-Using": " ".join(parts.split()),
        "Section": "devel",
        "Priority": "optional",
        "Homepage": about.get("homepage") or about.get("repository") or "",
        "Description": f"{SUMMARY}\n{DESCRIPTION}",
    }
    return "".join(f"{name}: {value}\n" for name, value in values.items() if value)


def changelog(release: Release) -> str:
    date = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(release.time))
    return f"""staticcxx ({version(release)}) unstable; urgency=medium

  * Version {release.version}; what is new is in changelog.gz.

 -- {maintainer(release)}  {date}
"""


def sums(tree: Tree) -> str:
    lines = [f"{hashlib.md5(file.data()).hexdigest()}  {file.place}\n" for file in tree.files]
    return "".join(sorted(lines, key=lambda line: line.split()[1]))


def copyright_of(release: Release) -> str:
    """Debian's machine-readable form 1.0: what is ours, and the program with all crates that are in it."""
    years = time.strftime("%Y", time.gmtime(release.time))
    by_licence: dict[str, list[str]] = {}
    people: dict[str, None] = {}
    for crate in release.crates:
        by_licence.setdefault(crate.licence, []).append(f"{crate.name} {crate.version}")
        people |= dict.fromkeys(author.split(" <")[0] for author in crate.authors)
    crates = "\n\n".join(f"{licence}: {', '.join(names)}." for licence, names in sorted(by_licence.items()))
    text = next(file for file in release.licences if "MIT" in file.name).read_text().split("\n\n", 2)[2]
    return f"""Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: staticcxx

Files: *
Copyright: {years} the staticcxx contributors
License: Expat or Apache-2.0

Files: usr/bin/{PROGRAM}
Copyright: {years} the staticcxx contributors
{indented("authors of crates: " + ", ".join(people))}
License: Expat or Apache-2.0, and crates
Comment: It is static. The packages of libraries in it are in the field Static-Built-Using.

License: Expat
{indented(text)}

License: Apache-2.0
 On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.

License: crates
 Each of the crates has the licence before it. Their texts, with what each says
 of its copyright, are in /usr/{DOC}/licenses-of-parts.txt.gz.
 .
{indented(crates)}
"""


def indented(text: str) -> str:
    """As the continuation of a field: wrapped, and with a full stop for empty lines."""
    lines = []
    for paragraph in text.strip().split("\n\n"):
        lines += ["."] * bool(lines) + textwrap.wrap(paragraph, 78, break_on_hyphens=False, break_long_words=False)
    return "\n".join(f" {line}" for line in lines)
