#!/bin/sh
# Made by staticctl. The drivers add what archives need on their own, and only where it is needed:
# `--static` would name libraries that have no archive. The machine's own libraries are for another machine than the programs.
if [ -z "$PKG_CONFIG_LIBDIR$PKG_CONFIG_SYSROOT_DIR" ]; then
    PKG_CONFIG_LIBDIR=@DIRS@
    export PKG_CONFIG_LIBDIR
fi
for word; do
    shift
    [ "$word" = --static ] || set -- "$@" "$word"
done
exec @REAL@ "$@"
