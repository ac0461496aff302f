#!/bin/sh
# Made by staticctl: a driver with one toolchain, for files that are read where STATICCXX_TOOLCHAIN is not set.
export STATICCXX_TOOLCHAIN=@TOOLCHAIN@
exec @REAL@ "$@"
