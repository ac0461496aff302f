# A C and C++ toolchain for static programs, made by `staticctl bazel`: all of it is in `pack`, beside this file.
load(":toolchain.bzl", "static_toolchain_config")

package(default_visibility = ["//visibility:public"])

static_toolchain_config(name = "config")

# What each kind of action is given, and no more: all of it is staged for each.
_GCC = "pack/usr/lib/gcc/**"

_PROGRAMS = [
    "pack/*.json",
    "pack/bin/**",
    "pack/usr/bin/**",
    "pack/usr/*-linux-*/bin/**",
]

filegroup(
    name = "all_files",
    srcs = glob(["pack/**"]),
)

filegroup(
    name = "programs",
    srcs = glob(_PROGRAMS),
)

filegroup(
    name = "compiler",
    srcs = glob(
        _PROGRAMS + [_GCC],
        exclude = [_GCC + "/" + name for name in [
            "*.a",
            "*.o",
            "collect2",
            "ld",
            "liblto_plugin.*",
            "lto-wrapper",
            "lto1",
        ]],
    ),
)

filegroup(
    name = "linker",
    srcs = glob(
        _PROGRAMS + [_GCC],
        exclude = [_GCC + "/" + name for name in [
            "include/**",
            "cc1*",
        ]],
    ),
)

cc_toolchain(
    name = "cc",
    all_files = ":all_files",
    ar_files = ":programs",
    as_files = ":compiler",
    compiler_files = ":compiler",
    dwp_files = ":programs",
    linker_files = ":linker",
    objcopy_files = ":programs",
    strip_files = ":programs",
    supports_param_files = 1,
    toolchain_config = ":config",
    toolchain_identifier = "staticcxx",
)

toolchain(
    name = "toolchain",
    exec_compatible_with = [
        "@platforms//os:linux",
        "@platforms//cpu:@CPU@",
    ],
    target_compatible_with = [
        "@platforms//os:linux",
        "@platforms//cpu:@CPU@",
    ],
    toolchain = ":cc",
    toolchain_type = "@bazel_tools//tools/cpp:toolchain_type",
)

# Also where actions run: the workers need nothing but the kernel, so there is no property to ask for.
platform(
    name = "platform",
    constraint_values = [
        "@platforms//os:linux",
        "@platforms//cpu:@CPU@",
    ],
)
