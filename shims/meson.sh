#!/bin/sh
# Made by staticctl. A new build directory gets the native file next to this one.
native="${0%/*}/../meson-native.ini"
if [ "$1" = setup ] && [ -f "$native" ]; then
    shift
    exec @REAL@ setup --native-file "$native" "$@"
fi
exec @REAL@ "$@"
