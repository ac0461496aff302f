# Read by SCons at its start, in a build under `staticctl run`: SCons gives its commands an environment of its own, without
# the compilers' names and the variables that lead to us.
import os
import sys

import SCons.Platform.posix
import SCons.Script.Main


def staticcxx_environment():
    ours = {name: value for name, value in os.environ.items() if name.startswith("STATICCXX_")}
    for name in ("COMPILER_PATH", "XDG_CACHE_HOME"):
        if name in os.environ:
            ours[name] = os.environ[name]
    if "XDG_CACHE_HOME" not in ours and "HOME" in os.environ:
        ours["XDG_CACHE_HOME"] = os.path.join(os.environ["HOME"], ".cache")
    return ours


def staticcxx_platform(generate):
    def with_ours(env):
        generate(env)
        env["ENV"].update(staticcxx_environment())
        env["ENV"]["PATH"] = os.pathsep.join(["@BIN@", env["ENV"].get("PATH", os.defpath)])

    return with_ours


SCons.Platform.posix.generate = staticcxx_platform(SCons.Platform.posix.generate)

# The project's own site directories, which SCons does not look at beside a named one.
if hasattr(SCons.Script.Main, "_load_all_site_scons_dirs"):
    SCons.Script.Main._load_all_site_scons_dirs(".")
    globals().update({k: v for k, v in vars(sys.modules["SCons.Script"]).items() if not k.startswith("__")})
