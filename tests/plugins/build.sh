# Builds the plugins of this directory in the current one: build.sh SOURCES
set -e
cxx="g++ -O2 -fPIC -shared -I$1"
cc="gcc -O2 -fPIC -shared"
$cc "$1/needed.c" -Wl,-soname,libneeded.so.1 -o libneeded.so.1
$cxx "$1/shape_a.cc" ./libneeded.so.1 -Wl,-soname,libshape_a.so -Wl,-rpath,'$ORIGIN' -o libshape_a.so
$cc "$1/giver.c" -o libgiver.so
$cc "$1/taker.c" -Wl,--version-script="$1/taker.map" -o libtaker.so
$cc "$1/lacking.c" -Wl,-z,lazy -o liblacking.so
