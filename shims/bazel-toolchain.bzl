# The tools and flags of a C and C++ toolchain for static programs, made by `staticctl bazel`.
load("@bazel_tools//tools/build_defs/cc:action_names.bzl", "ACTION_NAMES")
load("@bazel_tools//tools/cpp:cc_toolchain_config_lib.bzl", "env_entry", "env_set", "feature", "flag_group", "flag_set", "tool_path")

_COMPILE = [
    ACTION_NAMES.assemble,
    ACTION_NAMES.c_compile,
    ACTION_NAMES.cpp_compile,
    ACTION_NAMES.cpp_header_parsing,
    ACTION_NAMES.cpp_link_executable,
    ACTION_NAMES.cpp_link_dynamic_library,
    ACTION_NAMES.cpp_link_nodeps_dynamic_library,
    ACTION_NAMES.cpp_module_codegen,
    ACTION_NAMES.cpp_module_compile,
    ACTION_NAMES.linkstamp_compile,
    ACTION_NAMES.preprocess_assemble,
]

_LINK = [
    ACTION_NAMES.cpp_link_executable,
    ACTION_NAMES.cpp_link_dynamic_library,
    ACTION_NAMES.cpp_link_nodeps_dynamic_library,
]

def _static_toolchain_config(ctx):
    drivers = feature(
        name = "staticcxx",
        enabled = True,
        # Actions have an environment of their own, without the home that our cache is in.
        env_sets = [env_set(actions = _COMPILE, env_entries = [env_entry("XDG_CACHE_HOME", "@CACHE_HOME@")])],
        flag_sets = [flag_set(actions = _LINK, flag_groups = [flag_group(flags = ["-lstdc++", "-lm"])])],
    )
    return cc_common.create_cc_toolchain_config_info(
        ctx = ctx,
        abi_libc_version = "local",
        abi_version = "local",
        compiler = "@COMPILER@",
        cxx_builtin_include_directories = [@INCLUDES@],
        features = [drivers, feature(name = "supports_pic", enabled = True)],
        host_system_name = "local",
        target_cpu = "@CPU@",
        target_libc = "local",
        target_system_name = "local",
        tool_paths = [
            tool_path(name = "ar", path = "@AR@"),
            tool_path(name = "cpp", path = "@CC@"),
            tool_path(name = "gcc", path = "@CC@"),
            tool_path(name = "gcov", path = "/usr/bin/gcov"),
            tool_path(name = "ld", path = "@LD@"),
            tool_path(name = "nm", path = "@NM@"),
            tool_path(name = "objcopy", path = "/usr/bin/objcopy"),
            tool_path(name = "objdump", path = "/usr/bin/objdump"),
            tool_path(name = "strip", path = "/usr/bin/strip"),
        ],
        toolchain_identifier = "staticcxx",
    )

static_toolchain_config = rule(
    attrs = {},
    implementation = _static_toolchain_config,
    provides = [CcToolchainConfigInfo],
)
