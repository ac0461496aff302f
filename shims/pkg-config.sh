#!/bin/sh
# Made by staticctl. The drivers add what archives need on their own, and only where it is needed:
# `--static` would name libraries that have no archive.
for word; do
    shift
    [ "$word" = --static ] || set -- "$@" "$word"
done
exec @REAL@ "$@"
