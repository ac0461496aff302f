# A C and C++ toolchain for static programs, made by `staticctl bazel`.
load(":toolchain.bzl", "static_toolchain_config")

package(default_visibility = ["//visibility:public"])

static_toolchain_config(name = "config")

filegroup(name = "no_files")

cc_toolchain(
    name = "cc",
    all_files = ":no_files",
    compiler_files = ":no_files",
    dwp_files = ":no_files",
    linker_files = ":no_files",
    objcopy_files = ":no_files",
    strip_files = ":no_files",
    supports_param_files = 1,
    toolchain_config = ":config",
    toolchain_identifier = "staticcxx",
)

toolchain(
    name = "toolchain",
    exec_compatible_with = ["@platforms//os:linux"],
    target_compatible_with = [
        "@platforms//os:linux",
        "@platforms//cpu:@CPU@",
    ],
    toolchain = ":cc",
    toolchain_type = "@bazel_tools//tools/cpp:toolchain_type",
)

platform(
    name = "platform",
    constraint_values = [
        "@platforms//os:linux",
        "@platforms//cpu:@CPU@",
    ],
)
