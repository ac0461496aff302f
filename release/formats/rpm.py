"""A package for Fedora, openSUSE and what else has rpm, by rpmbuild from a spec that is made here: compressed with xz, which
rpm reads since 4.6."""

import os
import subprocess
import textwrap
import time
from pathlib import Path

from formats.deb import DESCRIPTION, SUMMARY, maintainer
from command import ReleaseError
from inputs import Release
from tree import DOC, MAN, Tree, installed

LICENCES = "share/licenses/staticcxx"

OF_EVERY_SYSTEM = ["usr", "usr/bin", "usr/share", "usr/share/doc", "usr/share/man", f"usr/{MAN}"]

# The same bytes on any machine, at any time; and rpm's own scripts change nothing.
DEFINED = {
    "_buildhost": "localhost",
    "use_source_date_epoch_as_buildtime": "1",
    "clamp_mtime_to_source_date_epoch": "1",
    "source_date_epoch_from_changelog": "0",
    "_binary_payload": "w9.xzdio",
    "_build_id_links": "none",
    "debug_package": "%{nil}",
    "__os_install_post": "%{nil}",
    "_unpackaged_files_terminate_build": "1",
}


def package(release: Release, into: Path) -> Path:
    tree = contents(release)
    top = release.work / "rpm"
    tree.write(top / "tree", release.time)
    spec = top / "staticcxx.spec"
    spec.write_text(spec_of(release, tree))
    defined = DEFINED | {"_topdir": str(top), "_rpmdir": str(top / "made"), "_tmppath": str(top / "tmp")}
    command = ["rpmbuild", "-bb", "--quiet", "--target", f"{release.machine.name}-linux", "--nodeps"]
    for name, value in defined.items():
        command += ["--define", f"{name} {value}"]
    # A home of its own: the user's may have macros.
    env = os.environ | {"SOURCE_DATE_EPOCH": str(release.time), "HOME": str(top), "LC_ALL": "C"}
    ended = subprocess.run([*command, spec], env=env, capture_output=True, text=True)
    if ended.returncode != 0:
        lines = [line for line in ended.stderr.splitlines() if "error:" in line] or [f"status {ended.returncode}"]
        raise ReleaseError(f"the package for rpm can't be built: {lines[0]}")
    [made] = (top / "made").rglob("*.rpm")
    return made.rename(into / made.name)


def contents(release: Release) -> Tree:
    tree = installed(release, compressed=True)
    for file in release.licences:
        tree.put(f"{LICENCES}/{file.name}", file)
    tree.put(f"{LICENCES}/LICENSES-of-parts.txt", release.licences_of_parts)
    tree.put(f"{DOC}/CHANGELOG.md", release.root / "CHANGELOG.md")
    return tree.below("usr")


def spec_of(release: Release, tree: Tree) -> str:
    about = release.about
    address = about.get("homepage") or about.get("repository")
    day = time.strftime("%a %b %d %Y", time.gmtime(release.time))
    files = [f"{mark(place)}/{place}" for place in sorted([file.place for file in tree.files] + list(tree.links))]
    # Also those of shells, which are shared by all that completes there: whoever is the last removes them.
    files += [f"%dir /{place}" for place in tree.directories if place not in OF_EVERY_SYSTEM]
    lines = [
        "Name: staticcxx",
        f"Version: {release.packaged_version}",
        "Release: 1",
        f"Summary: {SUMMARY[0].upper()}{SUMMARY[1:]}",
        f"License: {about['license']}",
        *([f"URL: {address}"] if address else []),
        "Recommends: gcc-c++",
        "AutoReqProv: no",
        "",
        "%description",
        textwrap.dedent(DESCRIPTION),
        "",
        "%install",
        "cp -a %{_topdir}/tree/. %{buildroot}/",
        "",
        "%files",
        "%defattr(-,root,root,-)",
        *files,
        "",
        "%changelog",
        f"* {day} {maintainer(release)} - {release.packaged_version}-1",
        f"- Version {release.version}; what is new is in CHANGELOG.md.",
    ]
    return "\n".join(lines) + "\n"


def mark(place: str) -> str:
    """What rpm is to know of a file."""
    kinds = {f"usr/{LICENCES}/": "%license ", f"usr/{DOC}/": "%doc ", f"usr/{MAN}/": "%doc "}
    return next((kind for start, kind in kinds.items() if place.startswith(start)), "")
