#!/bin/sh
# Made by staticctl. The drivers follow what archives need by themselves, and only where it is needed:
# `--static` would name libraries of which there is no archive.
for word; do
    shift
    [ "$word" = --static ] || set -- "$@" "$word"
done
exec @REAL@ "$@"
