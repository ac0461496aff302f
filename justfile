# Names for what tests/run and cargo do: `just run STEP` is `tests/run STEP`, and tests/run says what each step is.

_list:
    @just --list --unsorted

# formatting, clippy, unit tests and what needs g++ and Rust alone, in five minutes
quick:
    tests/run quick

# what CI runs, in an hour and a half
all:
    tests/run

# any steps of tests/run
[positional-arguments]
run +steps:
    tests/run "$@"

# formatting, clippy, documentation, licences of crates, workflows
lint:
    tests/run lint

# the packaged sources, installed as the README says
package:
    tests/run package

# every check in trees of other releases of Debian
[positional-arguments]
matrix *releases:
    tests/run matrix "$@"

# benchmarks, on a machine that does nothing else
bench:
    tests/run bench

# the files of a release, into target/release-files
[positional-arguments]
release *arguments:
    release/build "$@"

# the book, in a browser
book:
    mdbook serve docs
