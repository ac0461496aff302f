//! Builds that outgrow one machine: distcc and sccache behind the drivers. (ccache: `names.rs`.)

use crate::support::*;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};

const SOURCES: usize = 4;

/// Sources, and the objects that the compiler makes of them directly.
fn sources() -> Dir {
    let dir = Dir::new();
    for i in 0..SOURCES {
        dir.file(
            format!("f{i}.cpp"),
            format!(
                "#include <vector>\nint f{i}(int x) {{ std::vector<int> v(x, {i}); return v.size() ? v[0] : 0; }}\n"
            ),
        );
        Run::new("c++")
            .dir(dir.path())
            .args(["-O1", "-c", &format!("f{i}.cpp"), "-o", &format!("direct{i}.o")])
            .silent();
    }
    dir.file("main.cpp", "int f3(int);\nint main() { return f3(2) == 3 ? 0 : 1; }\n");
    dir
}

/// Compiles all sources with a launcher.
fn compile(dir: &Dir, launcher: &str, prefix: &str, with: &dyn Fn(Run) -> Run) {
    for i in 0..SOURCES {
        let run = Run::new(STATICCXX).dir(dir.path()).env("STATICCXX_LAUNCHER", launcher);
        with(run).args(["-O1", "-c", &format!("f{i}.cpp"), "-o", &format!("{prefix}{i}.o")]).silent();
        let [ours, direct] = [prefix, "direct"].map(|p| fs::read(dir.join(format!("{p}{i}.o"))).unwrap());
        assert_eq!(ours, direct, "{prefix}{i}.o");
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A server that goes with its test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // distccd ends its children with itself when it is asked to.
        let _ = kill(Pid::from_raw(self.0.id() as i32), Signal::SIGTERM);
        let _ = self.0.wait();
    }
}

#[test]
fn distcc_on_loopback() {
    let dir = sources();
    let port = free_port();
    let log = fs::File::create(dir.join("distccd.log")).unwrap();
    let line = format!(
        "--daemon --no-detach --port {port} --listen 127.0.0.1 --allow 127.0.0.1 --enable-tcp-insecure --log-stderr --log-level info --jobs 2"
    );
    let mut command = Run::new(which("distccd")).line(&line).command();
    let _server = Server(command.stdout(Stdio::null()).stderr(log).spawn().unwrap());
    wait_for("distccd listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    fs::create_dir(dir.join("distcc")).unwrap();
    let with = |run: Run| {
        run.env("DISTCC_DIR", dir.join("distcc"))
            .env("DISTCC_HOSTS", format!("127.0.0.1:{port}"))
            .env("DISTCC_FALLBACK", "0")
    };
    compile(&dir, "distcc", "far", &with);
    // The server writes its line after the client has gone.
    let done = || fs::read_to_string(dir.join("distccd.log")).unwrap().matches("COMPILE_OK").count();
    wait_for("distccd has compiled", || done() >= SOURCES);
    assert_eq!(done(), SOURCES, "{}", fs::read_to_string(dir.join("distccd.log")).unwrap());
    let link = Run::new(STATICCXX).dir(dir.path()).env("STATICCXX_LAUNCHER", "distcc");
    with(link).line("main.cpp far3.o -o prog").silent();
    assert!(in_empty_root(&dir.join("prog"), &[]).status.success());
}

#[test]
fn sccache_with_a_local_cache() {
    let dir = sources();
    let port = free_port().to_string();
    let with = |run: Run| {
        run.env("SCCACHE_DIR", dir.join("sccache"))
            .env("SCCACHE_SERVER_PORT", &port)
            .env("SCCACHE_IDLE_TIMEOUT", "120")
            .env("SCCACHE_CONF", dir.join("none"))
    };
    with(Run::new(which("sccache"))).line("--start-server").ok();
    compile(&dir, "sccache", "first", &with);
    compile(&dir, "sccache", "second", &with);
    let link = Run::new(STATICCXX).dir(dir.path()).env("STATICCXX_LAUNCHER", "sccache");
    with(link).line("main.cpp second3.o -o prog").silent();
    let stats = with(Run::new(which("sccache"))).line("--show-stats --stats-format json").ok();
    with(Run::new(which("sccache"))).line("--stop-server").output();
    let stats: serde_json::Value = serde_json::from_str(&stats).unwrap();
    let count = |what: &str| -> u64 {
        stats["stats"][what]["counts"].as_object().unwrap().values().map(|v| v.as_u64().unwrap()).sum()
    };
    // The source of the link is compiled by itself too.
    assert_eq!((count("cache_misses"), count("cache_hits")), (SOURCES as u64 + 1, SOURCES as u64), "{stats:#}");
    assert!(in_empty_root(&dir.join("prog"), &[]).status.success());
}
