#!/bin/sh
# Starts the program of this name in the package for this machine, which lies in a node_modules of a directory above.
self=$(readlink -f "$0")
name=${self##*/}
dir=$self
while [ -n "$dir" ]; do
    dir=${dir%/*}
    for program in "$dir"/node_modules/staticcxx-linux-*/bin/"$name"; do
        if [ -x "$program" ]; then exec "$program" "$@"; fi
    done
done
echo "$name: error: the package staticcxx-linux-x64 is not installed: npm leaves it out with --omit=optional, and on other machines" >&2
exit 127
