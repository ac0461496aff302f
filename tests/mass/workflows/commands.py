#!/usr/bin/env python3
"""Whether workflows, devcontainer and justfile run what tests/run runs too, and nothing else.

    tests/mass/workflows/commands.py [TOP]

Prints each command of a workflow that is none of these, and each file that has no command; then the status is 1.

- `bash .ci/run`
- `tests/run STEP...`, whose steps tests/run has
- a program of release/ or packaging/ that a script of tests/mass runs
- a command that stands in tests/run as it is

Values of a matrix are put in before that. Needs PyYAML and just."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import yaml

# tests/run's aliases of steps, which are labels of its last `case`.
LABEL = re.compile(r"^ {8}([a-z0-9|-]+)\)", re.MULTILINE)
FUNCTION = re.compile(r"^(\w+)_step\(\)", re.MULTILINE)

# These take all words that follow for their own.
OWN_WORDS = re.compile(r'case "\$\{1:-\}" in ([a-z0-9 |-]+)\)')


class Tests:
    """What tests/run and the scripts below tests/mass run."""

    def __init__(self, top: Path):
        self.text = (top / "tests/run").read_text()
        labels = {name for names in LABEL.findall(self.text) for name in names.split("|")}
        functions = {name.replace("_", "-") for name in FUNCTION.findall(self.text)}
        own = set(OWN_WORDS.search(self.text)[1].split(" | "))
        # A function alone can't be called by a user.
        self.steps = labels | functions & own
        self.own_words = own
        scripts = [file for file in (top / "tests/mass").rglob("*") if file.is_file() and file.suffix in ("", ".sh", ".py")]
        self.scripts = {file: file.read_text() for file in scripts if file.parent.name != "corpus" and file != Path(__file__)}
        self.top = top

    def what_is_wrong(self, command: str) -> str | None:
        words = shlex.split(command)
        if words == ["bash", ".ci/run"]:
            return None
        program = words[0]
        if program == "tests/run":
            steps = words[1:2] if words[1:] and words[1] in self.own_words else words[1:]
            unknown = [step for step in steps if step not in self.steps]
            return f"tests/run has no step {' '.join(unknown)}" if unknown else None
        if program.split("/")[0] in ("release", "packaging"):
            if not (self.top / program).is_file():
                return f"there is no {program}"
            called = re.compile(rf"(^|[\s/(]){re.escape(program)}\s", re.MULTILINE)
            return None if any(called.search(text) for text in self.scripts.values()) else "no test runs it"
        alone = re.compile(rf"(^|\|\| |&& |\s){re.escape(command)}(?=$|;| [>|&])", re.MULTILINE)
        return None if alone.search(self.text) else "tests/run does not run it"


def of_workflow(file: Path) -> Iterator[str]:
    for job in yaml.safe_load(file.read_text())["jobs"].values():
        matrix = {name: value for name, value in job.get("strategy", {}).get("matrix", {}).items() if isinstance(value, list)}
        for step in job["steps"]:
            for values in product(*matrix.values()):
                command = step.get("run", "")
                for name, value in zip(matrix, values):
                    command = command.replace(f"${{{{ matrix.{name} }}}}", str(value))
                yield from lines(command)


def lines(script: str) -> Iterator[str]:
    for line in script.splitlines():
        yield from (part.strip() for part in line.split("&&") if part.strip())


def of_devcontainer(file: Path) -> Iterator[str]:
    text = "".join(line for line in file.read_text().splitlines(True) if not line.lstrip().startswith("//"))
    yield from lines(json.loads(text)["postCreateCommand"])


def of_justfile(top: Path) -> Iterator[str]:
    said = subprocess.run(
        ["just", "--justfile", top / "justfile", "--dump", "--dump-format", "json"], capture_output=True, text=True, check=True
    )
    for name, recipe in json.loads(said.stdout)["recipes"].items():
        for line in recipe["body"]:
            command = "".join(part for part in line if isinstance(part, str))
            # What is given is the user's.
            if not name.startswith("_") and not command.startswith("mdbook "):
                yield command.replace(' "$@"', "")


def main(top: Path) -> int:
    tests = Tests(top)
    workflows = sorted((top / ".github/workflows").glob("*.y*ml"))
    found = {file: list(dict.fromkeys(of_workflow(file))) for file in workflows}
    found[top / ".devcontainer/devcontainer.json"] = list(of_devcontainer(top / ".devcontainer/devcontainer.json"))
    found[top / "justfile"] = list(of_justfile(top))
    wrong = [f"{file.relative_to(top)}: no command" for file, commands in found.items() if not commands]
    wrong += [] if workflows else [".github/workflows: no workflow"]
    for file, commands in found.items():
        for command in commands:
            if why := tests.what_is_wrong(command):
                wrong.append(f"{file.relative_to(top)}: `{command}`: {why}")
    print(*wrong, sep="\n") if wrong else print(f"{sum(map(len, found.values()))} commands are those of the tests")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if sys.argv[1:] else Path(__file__).parents[3]).resolve()))
