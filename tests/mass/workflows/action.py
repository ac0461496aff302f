#!/usr/bin/env python3
"""The steps of action.yml, run as a runner runs them.

    tests/mass/workflows/action.py FILES

FILES has what release/build makes: wheels, which pip takes instead of an index, and the archive, which a server on this
machine hands out. Prints a line for each case; status 1 if one fails."""

import http.server
import os
import re
import subprocess
import sys
import tempfile
import threading
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import yaml

TOP = Path(__file__).resolve().parents[3]
HELLO = TOP / "tests/mass/release/hello.cpp"


@dataclass
class Runner:
    """A job's machine: directories, and what steps told each other."""

    work: Path
    server: str
    environment: dict[str, str] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    said: str = ""
    # The inputs of steps that are actions of others.
    actions: list[dict] = field(default_factory=list)

    def step(self, script: str, env: dict[str, str], name: str | None = None) -> int:
        """Runs a step of shell; gives its status."""
        (self.work / "home").mkdir(exist_ok=True)
        told = {key: self.work / f"told-{key}" for key in ("ENV", "PATH", "OUTPUT")}
        for file in told.values():
            file.write_text("")
        (self.work / "step.sh").write_text(script)
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", self.work / "step.sh"]
        outside = {key: os.environ[key] for key in ("PIP_NO_INDEX", "PIP_FIND_LINKS", "LANG") if key in os.environ}
        environment = outside | {f"GITHUB_{key}": str(file) for key, file in told.items()}
        environment |= {
            "HOME": str(self.work / "home"),
            "GITHUB_ACTION_PATH": str(TOP),
            "GITHUB_SERVER_URL": self.server,
            "RUNNER_TEMP": str(self.work),
            "PATH": ":".join([*reversed(self.path), os.environ["PATH"]]),
        }
        done = subprocess.run(
            command, cwd=self.work, env=environment | self.environment | env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.said += done.stdout
        self.environment |= pairs(told["ENV"])
        self.path += told["PATH"].read_text().split()
        if name:
            self.outputs[name] = pairs(told["OUTPUT"])
        return done.returncode


def pairs(file: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in file.read_text().splitlines())


def value_of(expression: str, runner: Runner, inputs: dict[str, str]) -> str:
    """As much of GitHub's expressions as action.yml has."""
    known = {f"inputs.{name}": value for name, value in inputs.items()}
    known |= {f"steps.{step}.outputs.{name}": value for step, found in runner.outputs.items() for name, value in found.items()}
    known |= {"github.action_repository": "owner/staticcxx", "github.job": "build", "github.run_id": "1"}
    known |= {"runner.os": "Linux", "runner.arch": "X64"}
    return known[expression.strip()]


def put_in(text: str, runner: Runner, inputs: dict[str, str]) -> str:
    return re.sub(r"\$\{\{(.*?)\}\}", lambda found: value_of(found[1], runner, inputs), str(text))


def is_wanted(condition: str | None, runner: Runner, inputs: dict[str, str]) -> bool:
    if condition is None:
        return True
    name, value = re.fullmatch(r"(\S+) == '(\w*)'", condition).groups()
    return value_of(name, runner, inputs) == value


def run_action(runner: Runner, given: dict[str, str]) -> int:
    action = yaml.safe_load((TOP / "action.yml").read_text())
    assert action["runs"]["using"] == "composite" and given.keys() <= action["inputs"].keys()
    inputs = {name: given.get(name, about["default"]) for name, about in action["inputs"].items()}
    for step in action["runs"]["steps"]:
        if not is_wanted(step.get("if"), runner, inputs):
            continue
        if "uses" in step:
            runner.actions.append({name: put_in(value, runner, inputs) for name, value in step["with"].items()})
            continue
        env = {name: put_in(value, runner, inputs) for name, value in step.get("env", {}).items()}
        if status := runner.step(put_in(step["run"], runner, inputs), env, step.get("id")):
            return status
    for name, output in action["outputs"].items():
        assert put_in(output["value"], runner, inputs), name
    return 0


def works(runner: Runner, inputs: dict[str, str], toolchain: str = "host-") -> None:
    """The action, then what a user's next steps would do."""
    assert run_action(runner, inputs) == 0, "status"
    told = runner.outputs["install"]
    assert re.search(rf"C\+\+: +works with toolchain {toolchain}", runner.said), "the doctor names another toolchain"
    exported = {} if inputs.get("export") == "false" else {"CC": "staticcc", "CXX": "staticcxx"}
    if inputs.get("toolchain") == "true":
        exported["STATICCXX_TOOLCHAIN"] = toolchain
    assert runner.environment == exported, runner.environment
    assert runner.path == [told["path"]], runner.path
    assert sorted(os.listdir(told["path"])) == ["staticcc", "staticctl", "staticcxx", "staticfc"], "PATH has more than the programs"
    # What is to be kept for another run is what our programs keep.
    assert Path(told["cache"]).is_dir(), f"{told['cache']} is not the cache"
    if inputs.get("cache") == "false":
        assert not runner.actions
    else:
        [cache] = runner.actions
        assert cache["path"] == told["cache"], cache
        assert all(key and cache["key"].startswith(key) for key in cache["restore-keys"].split()), cache
    script = f"${{CXX:-staticcxx}} -O2 {HELLO} -o hello\nstaticctl check hello\n./hello\n"
    assert runner.step(script, {}) == 0 and "hello from a handler in a thread" in runner.said, "hello.cpp"


def fails(runner: Runner, inputs: dict[str, str], what: str) -> None:
    """One line, and no word to later steps."""
    assert run_action(runner, inputs) == 1, "status"
    errors = [line for line in runner.said.splitlines() if line.startswith("::error::setup-staticcxx: ")]
    assert len(errors) == 1 and what in errors[0], "another message"
    assert not (runner.environment or runner.path or any(runner.outputs.values())), "it told the steps that follow"


def handler(files: Path, version: str, damaged: bool) -> type:
    """A host's releases: the newest is found by being led to its tag."""
    below = "/owner/staticcxx/releases"

    class Releases(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # noqa: N802
            file = files / self.path.rsplit("/", 1)[1]
            if self.path == f"{below}/latest":
                self.send_response(302)
                self.send_header("Location", f"{below}/tag/v{version}")
                self.end_headers()
            elif self.path == f"{below}/tag/v{version}":
                self.answer(b"a page")
            elif self.path == f"{below}/download/v{version}/{file.name}" and file.is_file():
                self.answer(file.read_bytes()[:-1] if damaged and file.suffix == ".gz" else file.read_bytes())
            else:
                self.send_error(404)

        def answer(self, data: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    return Releases


def serve(files: Path, version: str, damaged: bool = False) -> str:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler(files, version, damaged))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def main(files: Path) -> int:
    [wheel] = files.glob("staticcxx_toolchain-*.whl")
    [packed] = {name.split("/")[5] for name in zipfile.ZipFile(wheel).namelist() if "/lib/staticcxx/toolchains/" in name}
    [archive] = files.glob("staticcxx-*-x86_64-linux.tar.gz")
    version = archive.name.split("-")[1]
    os.environ |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(files)}
    sound, damaged = serve(files, version), serve(files, version, damaged=True)
    release = {"from": "release"}
    cases = [
        ("from PyPI", sound, works, [{}]),
        ("this version, without cache", sound, works, [{"version": f"v{version}", "cache": "false"}]),
        ("a toolchain", sound, works, [{"toolchain": "true"}, packed]),
        ("CC and CXX left alone", sound, works, [{"export": "false"}]),
        ("the newest release", sound, works, [release]),
        ("a release", sound, works, [release | {"version": version}]),
        ("no such version on PyPI", sound, fails, [{"version": "99.1"}, "pip can't install `staticcxx==99.1`"]),
        ("no such release", sound, fails, [release | {"version": "99.1"}, "/tag/v99.1"]),
        ("no release at all", sound + "/x", fails, [release, "there is no release at"]),
        ("a damaged archive", damaged, fails, [release, "is not what its release says"]),
        ("a version with a command", sound, fails, [{"version": "1; touch x"}, "`version` is a number"]),
        ("an unknown source", sound, fails, [{"from": "npm"}, "not `npm`"]),
        ("no switch", sound, fails, [{"toolchain": "yes"}, "not `yes`"]),
        ("a release with a toolchain", sound, fails, [release | {"toolchain": "true"}, "PyPI alone"]),
    ]
    failed = 0
    for name, server, judge, arguments in cases:
        with tempfile.TemporaryDirectory() as work:
            runner = Runner(Path(work), server)
            try:
                judge(runner, *arguments)
                print(f"ok {name}")
            except AssertionError as error:
                failed += 1
                print(f"FAILED {name}: {error}\n{runner.said}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
