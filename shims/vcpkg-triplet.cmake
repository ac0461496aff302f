# A vcpkg triplet for static programs, made by `staticctl vcpkg-triplet`: in a directory of overlay triplets,
# `vcpkg install --triplet static --overlay-triplets=DIRECTORY PORT` with this as DIRECTORY/static.cmake.
set(VCPKG_TARGET_ARCHITECTURE @VCPKG_ARCH@)
set(VCPKG_CMAKE_SYSTEM_NAME Linux)
set(VCPKG_CRT_LINKAGE dynamic)
set(VCPKG_LIBRARY_LINKAGE static)
set(VCPKG_CHAINLOAD_TOOLCHAIN_FILE "@TOOLCHAIN_FILE@")
