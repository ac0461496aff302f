# The tools and flags of a C and C++ toolchain for static programs, made by `staticctl bazel`.
load("@bazel_tools//tools/build_defs/cc:action_names.bzl", "ACTION_NAMES")
load("@bazel_tools//tools/cpp:cc_toolchain_config_lib.bzl", "feature", "flag_group", "flag_set", "tool_path")

_COMPILE = [
    ACTION_NAMES.assemble,
    ACTION_NAMES.c_compile,
    ACTION_NAMES.cpp_compile,
    ACTION_NAMES.cpp_header_parsing,
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
        flag_sets = [
            # Paths of headers as the command names them, not those of the machine that the pack is on.
            flag_set(
                actions = _COMPILE + _LINK,
                flag_groups = [flag_group(flags = ["-no-canonical-prefixes"])],
            ),
            flag_set(
                actions = _COMPILE,
                flag_groups = [flag_group(flags = [
                    "-fno-canonical-system-headers",
                    "-ffile-prefix-map=/proc/self/cwd=.",
                    "-D__DATE__=\"redacted\"",
                    "-D__TIME__=\"redacted\"",
                    "-D__TIMESTAMP__=\"redacted\"",
                    "-Wno-builtin-macro-redefined",
                ])],
            ),
            flag_set(
                actions = _LINK,
                flag_groups = [flag_group(flags = ["-lstdc++", "-lm"])],
            ),
        ],
    )
    return cc_common.create_cc_toolchain_config_info(
        ctx = ctx,
        abi_libc_version = "musl",
        abi_version = "musl",
        compiler = "gcc",
        cxx_builtin_include_directories = [
            "%package(//@LABEL@)%/pack/usr/lib/gcc",
        ],
        features = [drivers, feature(name = "supports_pic", enabled = True)],
        host_system_name = "local",
        target_cpu = "@CPU@",
        target_libc = "musl",
        target_system_name = "@TRIPLE@",
        tool_paths = [
            tool_path(name = name, path = "pack/bin/" + tool)
            for name, tool in [
                ("ar", "ar"),
                ("cpp", "cpp"),
                ("gcc", "gcc"),
                ("gcov", "gcov"),
                ("ld", "ld"),
                ("nm", "nm"),
                ("objcopy", "objcopy"),
                ("objdump", "objdump"),
                ("strip", "strip"),
            ]
        ],
        toolchain_identifier = "staticcxx",
    )

static_toolchain_config = rule(
    attrs = {},
    implementation = _static_toolchain_config,
    provides = [CcToolchainConfigInfo],
)
