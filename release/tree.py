"""What is installed below a prefix: one program with four names, its pages and completions, licences and an example.

The names are symbolic links: what copies or unpacks a tree keeps them, where hard links become four programs."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from archives import PackedFile, gzip_of
from inputs import Release
from programs import PROGRAM, PROGRAMS

DOC = "share/doc/staticcxx"
MAN = "share/man/man1"

# Where each shell looks, below any prefix.
COMPLETIONS = {
    "bash": "share/bash-completion/completions/staticctl",
    "zsh": "share/zsh/site-functions/_staticctl",
    "fish": "share/fish/vendor_completions.d/staticctl.fish",
}


@dataclass
class Tree:
    files: list[PackedFile] = field(default_factory=list)
    # Place to target.
    links: dict[str, str] = field(default_factory=dict)

    def put(self, place: str, content: bytes | Path, executable: bool = False) -> None:
        self.files.append(PackedFile(place, content, executable))

    def below(self, prefix: str) -> "Tree":
        files = [file._replace(place=f"{prefix}/{file.place}") for file in self.files]
        return Tree(files, {f"{prefix}/{place}": target for place, target in self.links.items()})

    @property
    def directories(self) -> list[str]:
        """All that its places are in, those above first."""
        places = [file.place for file in self.files] + list(self.links)
        return sorted({str(above) for place in places for above in Path(place).parents if str(above) != "."})

    def write(self, root: Path, seconds: int) -> None:
        """Into a directory that is nobody else's; every time is the same."""
        root.mkdir(parents=True)
        for directory in self.directories:
            (root / directory).mkdir()
        for file in self.files:
            path = root / file.place
            path.write_bytes(file.data())
            path.chmod(file.mode)
        for place, target in self.links.items():
            (root / place).symlink_to(target)
        for path in [*root.rglob("*"), root]:
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o755)
            os.utime(path, (seconds, seconds), follow_symlinks=False)


def programs(release: Release) -> Tree:
    """`bin` alone."""
    tree = Tree()
    tree.put(f"bin/{PROGRAM}", release.programs[PROGRAM], True)
    tree.links = {f"bin/{name}": PROGRAM for name in PROGRAMS if name != PROGRAM}
    return tree


def installed(release: Release, compressed: bool = False, completions: dict[str, str] | None = None) -> Tree:
    """All but licences, which each kind of package has at another place; pages compressed where packages have them so."""
    tree = programs(release)
    for name, page in release.pages.items():
        tree.put(f"{MAN}/{name}.gz" if compressed else f"{MAN}/{name}", gzip_of(page) if compressed else page)
    for shell, place in (COMPLETIONS | (completions or {})).items():
        tree.put(place, release.completions[shell])
    tree.put(f"{DOC}/README.md", release.root / "README.md")
    for name in release.examples:
        tree.put(f"{DOC}/{name}", release.root / name)
    return tree
