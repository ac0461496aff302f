#!/bin/sh
# Runs ./argp with many command lines, flags and formats of help, and prints all that it says.
say() {
	printf '== %s %s %s %s: %s\n' "$ARGP_TEST_FLAGS" "$ARGP_TEST_INDEX" "$ARGP_HELP_FMT" "$POSIXLY_CORRECT" "$*"
	./argp "$@" 2>stderr </dev/null
	echo "status $?"
	cat stderr
}

all() {
	say
	say ''
	while read -r line; do
		# shellcheck disable=SC2086
		say $line
	done <<-LINES
		--help
		-?
		--usage
		--version
		-V
		a b c
		a b c d
		-v a -q b
		a -ofile b --size=3
		-s
		--size
		--siz 3
		--s
		--co
		--col
		--color=x a
		--colour a
		-l a
		-lx a
		--verbose=3
		--nothing
		-z
		-vz
		-vvv a
		-- -v
		a -- -v b -q
		-v --
		rest a b -v
		a rest -v b
		-s -3
		--fail=0 a
		--fail=3 a
		--warn
		--show-usage
		-x -Yq -Y z --hidden
		--program-name=other -s -1
		--program-name=other --help
		--HANG=0 a
		-size 4
		-size=4 a
		-v -verb
		-output x
		-foo
		- a
		a - -v
		--=
		--output= a
		-vo
		a -v b -v c -v -v d
	LINES
}

all
# PARSE_ARGV0, NO_ERRS, NO_ARGS, IN_ORDER, NO_HELP, NO_EXIT, LONG_ONLY, and some together.
for ARGP_TEST_FLAGS in 1 2 4 8 16 32 64 0x28 0x2e 0x12; do
	export ARGP_TEST_FLAGS
	all
done
export ARGP_TEST_INDEX=1
for ARGP_TEST_FLAGS in 0 4 8; do
	all
done
unset ARGP_TEST_FLAGS ARGP_TEST_INDEX
for ARGP_HELP_FMT in dup-args no-dup-args-note short-opt-col=4,long-opt-col=10 opt-doc-col=40,rmargin=70 \
	usage-indent=4,header-col=3,doc-opt-col=5 dup-args=1,no-dup-args,rmargin=100; do
	export ARGP_HELP_FMT
	say --help
	say --usage
done
unset ARGP_HELP_FMT
export POSIXLY_CORRECT=1
all
