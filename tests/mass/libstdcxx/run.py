#!/usr/bin/env python3
"""Runs GCC's own libstdc++ testsuite with our drivers as the compilers, under DejaGnu.

    tests/run libstdcxx [DIR or FILE]...   whole directories of the testsuite (21_strings, 30_threads/thread), or single tests
    tests/run libstdcxx --part             the fixed part that CI runs
    tests/run libstdcxx --whole            everything: hours on two cores
    ... --plain                            with plain g++, dynamic, for comparison; with --part, written to plain.txt

A test that fails is in expected.txt with a reason, or it is an error; so is one in the list that passes.
"""
import argparse, os, pathlib, re, shutil, subprocess, sys, tarfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
RESULT = re.compile(r"^(PASS|FAIL|XPASS|XFAIL|UNSUPPORTED|UNRESOLVED|ERROR|WARNING): (\S+)(.*)$")
NEEDED = ("libstdc++-v3/testsuite/", "gcc/testsuite/lib/", "libstdc++-v3/scripts/", "libiberty/testsuite/")


def sources(work):
    """The testsuite, unpacked once from Debian's gcc-N-source."""
    major = subprocess.check_output(["g++", "-dumpversion"], text=True).split(".")[0].strip()
    tarballs = sorted(pathlib.Path(f"/usr/src/gcc-{major}").glob("gcc-*.tar.*"))
    if not tarballs:
        sys.exit(f"libstdcxx: no sources of GCC {major}: apt-get install gcc-{major}-source")
    into = work / f"src-{tarballs[0].name}"
    if not (into / "complete").exists():
        shutil.rmtree(into, ignore_errors=True)
        with tarfile.open(tarballs[0]) as archive:
            # Debian's own; without this, Python 3.12 warns and 3.14 looks at links.
            archive.extraction_filter = lambda member, path: member
            for member in archive:
                member.name = member.name.partition("/")[2]
                if member.name.startswith(NEEDED) and (member.isfile() or member.issym()):
                    archive.extract(member, into)
        (into / "complete").touch()
    return into / "libstdc++-v3/testsuite"


def chosen(suite, names):
    """The tests of directories or files, as DejaGnu would choose them."""
    found = set()
    for name in names:
        path = suite / name
        if not path.exists():
            sys.exit(f"libstdcxx: the testsuite has no {name}")
        found |= {path} if path.is_file() else set(path.rglob("*.cc"))
    texts = sorted(str(p.relative_to(suite)) for p in found)
    return [t for t in texts if "_xin" not in t and "performance" not in t and "/simd/" not in t]


def moved(suite, test):
    """A test of GCC 12's by its name in this testsuite: some were renamed in GCC 13."""
    names = (test, test.removesuffix("/1.cc") + ".cc", test.replace("23_containers/bitset/", "20_util/bitset/"),
             test.replace("23_containers/bitset/count/", "20_util/bitset/observers/"))
    return next((name for name in names if (suite / name).is_file()), test)


def start(slot, suite, tests, cc, cxx, flags):
    """One DejaGnu, in a build directory that has nothing but what it asks for."""
    shutil.rmtree(slot, ignore_errors=True)
    build = slot / "libstdc++-v3"
    (build / "scripts").mkdir(parents=True)
    (build / "testsuite").mkdir()
    answers = {"build-cxx": cxx, "build-cc": cc, "build-includes": f"-I{suite}/util", "cxxflags": flags,
               "install-includes": f"-I{suite}/util", "install-cxx": cxx}
    cases = "".join(f"--{k}) echo '{v}' ;;\n" for k, v in answers.items())
    (build / "scripts/testsuite_flags").write_text(f"#!/bin/sh\ncase $1 in\n{cases}esac\n")
    (build / "testsuite/testsuite_files").write_text("".join(t + "\n" for t in tests))
    (build / "testsuite/site.exp").write_text(
        f"set srcdir {suite}\nset tool libstdc++\nset tool_root_dir {slot}\nset objdir {build}/testsuite\n"
        # Where the testsuite looks for a build directory.
        f"set board_info(unix,multitop) {slot}\n"
        + "".join(f"set {kind}_triplet x86_64-pc-linux-musl\n" for kind in ("host", "target", "build")))
    log = open(slot / "output", "w")
    command = ["runtest", "--tool", "libstdc++", "conformance.exp"]
    return subprocess.Popen(command, cwd=build / "testsuite", stdout=log, stderr=log, stdin=subprocess.DEVNULL)


def results(slots):
    """Test -> worst outcome of its parts, and the first line that says so."""
    rank = ["UNSUPPORTED", "PASS", "XFAIL", "XPASS", "UNRESOLVED", "FAIL", "ERROR"]
    all_of = {}
    executed = set()
    for slot in slots:
        text = (slot / "libstdc++-v3/testsuite/libstdc++.sum").read_text(errors="replace")
        for match in filter(None, map(RESULT.match, text.splitlines())):
            what, test, rest = match.groups()
            if what == "WARNING" or not test.endswith(".cc"):
                continue
            if what == "PASS" and "execution test" in rest:
                executed.add(test)
            if test not in all_of or rank.index(what) > rank.index(all_of[test][0]):
                all_of[test] = (what, f"{what}: {test}{rest}")
    return all_of, executed


def listed(file):
    """Lines `TEST  reason`, comments apart."""
    lines = (l.strip() for l in file.read_text().splitlines()) if file.exists() else ()
    return {l.split(None, 1)[0]: (l.split(None, 1) + [""])[1] for l in lines if l and not l.startswith("#")}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="DIR")
    parser.add_argument("--part", action="store_true")
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--flags", default="-fmessage-length=0 -fno-show-column -O0")
    asked = parser.parse_args()
    work = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "libstdcxx"
    work.mkdir(parents=True, exist_ok=True)
    suite = sources(work)
    if asked.part:
        tests = [moved(suite, test) for test in listed(HERE / "part.txt")]
    elif asked.whole:
        tests = chosen(suite, [p.name for p in suite.iterdir() if re.match(r"\d\d_|std$|abi$|backward$|ext$|tr1$|tr2$|decimal$|experimental$|special", p.name)])
    else:
        tests = chosen(suite, asked.names or parser.error("name directories of the testsuite, or --part, or --whole"))
    os.environ.update(LC_ALL="C")
    cc, cxx = "gcc", "g++"
    if not asked.plain:
        bin_dir = pathlib.Path(os.environ.get("STATICCXX_BIN", ROOT / "target/release"))
        cc, cxx = (str(bin_dir / name) for name in ("staticcc", "staticcxx"))
        os.environ.setdefault("STATICCXX_TOOLCHAIN", "musl")
    slots = [work / f"run-{'plain-' if asked.plain else ''}{n}" for n in range(asked.jobs)]
    running = [start(s, suite, tests[n::asked.jobs], cc, cxx, asked.flags) for n, s in enumerate(slots)]
    for process in running:
        process.wait()
    all_of, executed = results(slots)
    # DejaGnu adds experimental/simd to whatever is asked for.
    all_of = {t: r for t, r in all_of.items() if t in set(tests)}
    bad = {t: line for t, (what, line) in all_of.items() if what in ("FAIL", "UNRESOLVED", "ERROR", "XPASS")}
    unsupported = sorted(t for t, (what, _) in all_of.items() if what == "UNSUPPORTED")
    lost = sorted(set(tests) - set(all_of))
    print(f"libstdcxx: {len(all_of)} tests, {len(executed)} executed, {len(bad)} fail, {len(unsupported)} not for this target")
    for test in lost:
        print(f"libstdcxx: no result of {test}: see {work}/run-*/output")
    if asked.plain:
        if asked.part:
            (HERE / "plain.txt").write_text(
                "# Tests of the part that fail under plain g++, dynamic: made by `tests/run libstdcxx --part --plain`.\n"
                + "".join(f"{t}  {bad[t]}\n" for t in sorted(bad)))
        print("\n".join(bad[t] for t in sorted(bad)))
        return 1 if lost else 0
    expected, plain = listed(HERE / "expected.txt"), listed(HERE / "plain.txt")
    wrong = bool(lost)
    for test in sorted(bad):
        if test not in expected:
            wrong = True
            print(f"{bad[test]}{' (fails under plain g++ too)' if test in plain else ''}: not in expected.txt")
    for test in sorted(set(expected) & set(all_of) - set(bad)):
        wrong = True
        print(f"libstdcxx: {test} is in expected.txt and does not fail")
    if asked.part and len(executed) < 400:
        wrong = True
        print("libstdcxx: fewer than 400 tests were executed")
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
