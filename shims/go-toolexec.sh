#!/bin/sh
# Made by staticctl, run by `go build -toolexec`. A program with cgo's runtime, to which `net` and `os/user` belong,
# is linked by CC and not by Go itself, which would link it dynamically. Programs without it are static anyway.
tool=$1
shift
case ${tool##*/} in
link)
    if [ "$*" = -V=full ]; then
        # The version is part of what Go remembers a program by: one that was linked without us is linked again.
        version=$("$tool" "$@") || exit
        case $version in
        *buildID=*) echo "$version" ;;
        *) echo "$version staticcxx" ;;
        esac
        exit
    fi
    previous= config=
    for word; do
        [ "$previous" = -importcfg ] && config=$word
        previous=$word
    done
    if [ -n "$config" ] && grep -q '^packagefile runtime/cgo=' "$config"; then
        exec "$tool" -linkmode=external "$@"
    fi
    ;;
esac
exec "$tool" "$@"
