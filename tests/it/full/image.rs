//! `staticctl image` against the tools that read images: skopeo, umoci, podman, runc.

use crate::quick::image::{Two, image};
use crate::quick::sandbox::{LIKE_NCURSES, probe};
use crate::support::*;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn digest(said: &str) -> String {
    said.trim().rsplit(' ').next().unwrap().rsplit('@').next().unwrap().to_owned()
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

/// skopeo with a policy of its own: its package brings one, a bare binary does not.
fn skopeo() -> Run {
    Run::new("skopeo").line("--insecure-policy")
}

/// podman with storage of its own: no daemon, no network, no systemd.
pub struct Podman(Dir);

impl Podman {
    pub fn new() -> Podman {
        let dir = Dir::new();
        dir.file("containers.conf", "[containers]\ndefault_ulimits=[]\n");
        Podman(dir)
    }

    fn run(&self, line: &str) -> Run {
        Run::new("podman")
            .env("CONTAINERS_CONF", self.0.join("containers.conf"))
            .args(["--root", &self.0.join("g").to_string_lossy(), "--runroot", &self.0.join("r").to_string_lossy()])
            .line("--storage-driver vfs --cgroup-manager cgroupfs --events-backend file --runtime runc")
            .line(line)
    }

    /// Loads an archive and runs it. Gives its stdout.
    pub fn load_and_run(&self, dir: &Dir, archive: &str, name: &str, arguments: &str) -> String {
        self.run(&format!("load -q -i {archive}")).dir(dir.path()).ok();
        self.run(&format!("run --rm --network none --pull never --read-only {name} {arguments}")).ok()
    }
}

impl Drop for Podman {
    fn drop(&mut self) {
        self.run("rmi -af").output();
    }
}

#[test]
fn the_tools_of_the_field_read_it_and_run_it() {
    let dir = Dir::new();
    let options = "-o hello.tar -t hello:1 --cmd id --env A=b --label org.opencontainers.image.title=Hello --label x=y \
                   --expose 80 --volume /data --workdir /data";
    let said = image(&dir, options).ok();
    let ours = digest(&said);
    // One archive is both formats.
    for format in ["oci-archive", "docker-archive"] {
        let shown = json(&skopeo().dir(dir.path()).line(&format!("inspect {format}:hello.tar")).ok());
        assert_eq!((&shown["Architecture"], &shown["Os"]), (&"amd64".into(), &"linux".into()), "{format}");
        assert_eq!(shown["Env"][0], "A=b", "{format}");
        let config = json(&skopeo().dir(dir.path()).line(&format!("inspect --config {format}:hello.tar")).ok());
        let c = &config["config"];
        assert_eq!(
            (&c["User"], &c["WorkingDir"], &c["Cmd"][0]),
            (&"65532:65532".into(), &"/data".into(), &"id".into())
        );
        assert_eq!((&c["Entrypoint"][0], &c["Labels"]["x"]), (&"/probe".into(), &"y".into()));
        assert!(c["ExposedPorts"]["80/tcp"].is_object() && c["Volumes"]["/data"].is_object(), "{config}");
        // There and back again, with all layers read and their digests checked.
        let line = format!("copy {format}:hello.tar dir:{format}.dir");
        skopeo().dir(dir.path()).line(&line).ok();
        skopeo().dir(dir.path()).line(&format!("copy dir:{format}.dir {format}:{format}.back.tar:hello:1")).ok();
        skopeo().dir(dir.path()).line(&format!("inspect {format}:{format}.back.tar")).ok();
    }
    let inspected = json(&skopeo().dir(dir.path()).line("inspect oci-archive:hello.tar:1").ok());
    assert_eq!(inspected["Digest"], ours.as_str());
    let raw = json(&skopeo().dir(dir.path()).line("inspect --raw oci-archive:hello.tar").ok());
    assert_eq!(raw["annotations"]["org.opencontainers.image.title"], "Hello");
    let podman = Podman::new();
    assert_eq!(podman.load_and_run(&dir, "hello.tar", "hello:1", ""), "65532 65532 1\n");
    assert_eq!(podman.load_and_run(&dir, "hello.tar", "hello:1", "write /data/x"), "written\n");
    assert_eq!(podman.load_and_run(&dir, "docker-archive.back.tar", "hello:1", "hello"), "hello\n");
}

#[test]
fn umoci_unpacks_a_layout_and_runc_runs_it() {
    let dir = Dir::new();
    let said = image(&dir, "-o layout/ -t hello:1 --etc --tmp").ok();
    assert!(said.starts_with("layout: linux/amd64, "), "{said}");
    assert!(dir.join("layout/oci-layout").is_file() && !dir.join("layout/manifest.json").exists());
    Run::new("umoci").dir(dir.path()).line("unpack --image layout:1 bundle").ok();
    let root = dir.join("bundle/rootfs");
    let mode = |path: &str| fs::metadata(root.join(path)).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode("probe"), mode("tmp"), mode("etc"), mode("etc/passwd")), (0o755, 0o1777, 0o755, 0o644));
    // The unpacked root is one for `try` as well.
    let line = format!("try --root {} /probe hosts", root.display());
    assert_eq!(Run::new(STATICCTL).line(&line).ok(), "127.0.0.1\tlocalhost\n");
    let config = dir.join("bundle/config.json");
    let mut spec = json(&fs::read_to_string(&config).unwrap());
    assert_eq!(spec["process"]["user"]["uid"], 65532);
    spec["process"]["terminal"] = false.into();
    fs::write(&config, spec.to_string()).unwrap();
    let name = format!("staticcxx-test-{}", std::process::id());
    let run =
        Run::new("runc").dir(dir.join("bundle")).args(["--root", &dir.join("state").to_string_lossy(), "run", &name]);
    assert_eq!(run.ok(), "hello\n");
    // A layout is replaced, anything else is not.
    image(&dir, "-o layout/ -t hello:2").ok();
    Run::new("umoci").dir(dir.path()).line("unpack --image layout:2 bundle2").ok();
    dir.file("other/precious", "x");
    let said = image(&dir, "-o other").fails(2);
    assert!(said.contains("something other than an image") && dir.join("other/precious").is_file(), "{said}");
    assert!(dir.names().iter().all(|n| !n.starts_with(".staticctl")), "{:?}", dir.names());
}

#[test]
fn the_same_files_give_the_same_bytes() {
    let (a, b) = (Dir::new(), Dir::new());
    for dir in [&a, &b] {
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
        dir.file("tree/one", "1");
        dir.file("tree/two/three", "3");
    }
    // Another order of making, other times, modes and masks.
    fs::set_permissions(a.join("tree/one"), fs::Permissions::from_mode(0o600)).unwrap();
    Run::new("touch").args(["-d", "2001-02-03"]).args([b.join("tree/one")]).silent();
    let options =
        "--etc --ca-certs --tmp --add tree:/data --label b=1 --label a=2 --env Z=1 --expose 80 --expose 443 -t x:1";
    let first = digest(&image(&a, &format!("-o x.tar {options}")).ok());
    fs::set_permissions(a.join("tree/one"), fs::Permissions::from_mode(0o644)).unwrap();
    let (_, probe, ctl) = probe();
    // As somebody else, somewhere else, with another mask.
    let line = format!("umask 077; exec '{}' image '{}' -o x.tar {options}", ctl.display(), probe.display());
    let as_root = fs::read_to_string("/proc/self/loginuid").is_ok() && nix_is_root();
    let run = if as_root {
        Run::new("setpriv").line("--reuid 12345 --regid 12345 --clear-groups -- sh -c")
    } else {
        Run::new("sh").line("-c")
    };
    let second = digest(&run.args([&line]).dir(b.path()).env("TZ", "Asia/Tokyo").ok());
    assert_eq!(first, second);
    assert!(fs::read(a.join("x.tar")).unwrap() == fs::read(b.join("x.tar")).unwrap());
    let third = digest(&image(&a, &format!("-o y.tar {options}")).env("SOURCE_DATE_EPOCH", "1700000000").ok());
    assert_ne!(first, third);
    let created = json(&skopeo().dir(a.path()).line("inspect oci-archive:y.tar").ok())["Created"].clone();
    assert_eq!(created, "2023-11-14T22:13:20Z");
    let said = image(&a, "-o z.tar").env("SOURCE_DATE_EPOCH", "yesterday").fails(2);
    assert!(said.contains("SOURCE_DATE_EPOCH=yesterday"), "{said}");
    // The order of options is no matter.
    let fourth = digest(&image(&a, "-o z.tar --tmp --add tree:/data --ca-certs --etc --expose 443 --expose 80 --env Z=1 --label a=2 --label b=1 -t x:1").ok());
    assert_eq!(first, fourth);
}

fn nix_is_root() -> bool {
    std::os::unix::fs::MetadataExt::uid(&fs::metadata("/proc/self").unwrap()) == 0
}

#[test]
fn what_a_program_needs_is_found_by_running_it() {
    let dir = Dir::new();
    // Without: fails. With what the trace names: works, in `try` and in the image.
    Run::new(STATICCTL).args(["try".as_ref(), probe().1.as_os_str()]).line("hosts").fails(1);
    let out = image(&dir, "-o auto.tar -t auto:1 --auto --cmd hosts").output();
    let said = text(&out.stderr);
    assert!(out.status.success() && said.contains("note: `--etc` is added: `/etc/hosts` was missed"), "{said}");
    let by_hand = image(&dir, "-o hand.tar -t auto:1 --etc --cmd hosts").ok();
    assert_eq!(digest(&text(&out.stdout)), digest(&by_hand), "exactly what it needs");
    skopeo().dir(dir.path()).line("copy oci-archive:auto.tar oci:layout:1").ok();
    Run::new("umoci").dir(dir.path()).line("unpack --image layout:1 bundle").ok();
    let line = format!("try --root {} /probe hosts", dir.join("bundle/rootfs").display());
    assert_eq!(Run::new(STATICCTL).line(&line).ok(), "127.0.0.1\tlocalhost\n");
    // Nothing needed, nothing added; output of the run is not ours.
    let out = image(&dir, "-o none.tar --auto --cmd hello").output();
    assert_eq!(text(&out.stderr), "");
    assert_eq!(digest(&text(&out.stdout)), digest(&image(&dir, "-o none.tar --cmd hello").ok()));
    for (arguments, told) in [
        ("write /tmp/x", "`--tmp` is added: `/tmp/x` was missed"),
        ("show /usr/share/zoneinfo/Europe/Berlin", "`--tzdata=Europe/Berlin` is added"),
        ("show /lib/terminfo/v/vt100", "`--terminfo vt100` is added"),
        ("show /etc/ssl/certs/ca-certificates.crt", "`--ca-certs` is added"),
        ("show /etc/fstab", "`--add /etc/fstab:/etc/fstab` takes it"),
        ("exit 3", "warning: `/probe` ended with status 3"),
        ("raise 6", "warning: `/probe` was killed by signal 6"),
    ] {
        let out = Run::new(STATICCTL)
            .dir(dir.path())
            .arg2("image", &probe().1)
            .line("-o x.tar --auto --cmd")
            .args([arguments])
            .output();
        let said = text(&out.stderr);
        assert!(out.status.success() && said.contains(told), "{arguments}: {said}");
    }
    // Of files that only this machine has, nothing goes in by itself.
    let listed = Run::new("tar").dir(dir.path()).line("tf x.tar").ok();
    assert!(!listed.contains("fstab"), "{listed}");
    let said = text(&image(&dir, "-o x.tar --auto --auto-seconds 1 --cmd wait").output().stderr);
    assert!(said.contains("was watched for 1 s"), "{said}");
    let said = image(&dir, "-o x.tar --auto --entrypoint /other").fails(2);
    assert!(said.contains("the entrypoint `/other` is not in the image"), "{said}");
}

#[test]
fn a_terminal_is_found_by_running_the_program() {
    let dir = Dir::new();
    dir.file("m.c", LIKE_NCURSES);
    Run::new(STATICCC).dir(dir.path()).line("m.c -o m").silent();
    let out = Run::new(STATICCTL).dir(dir.path()).line("image ./m -o layout/ -t x:1 --auto").output();
    let said = text(&out.stderr);
    assert!(out.status.success() && said.contains("`--terminfo vt100` is added"), "{said}");
    Run::new("umoci").dir(dir.path()).line("unpack --image layout:1 bundle").ok();
    assert_eq!(Run::new(STATICCTL).dir(dir.path()).line("try --root bundle/rootfs /m").ok(), "vt100\n");
}

#[test]
fn parts_are_where_programs_look() {
    let dir = Dir::new();
    dir.file("conf", "mine\n");
    image(&dir, "-o l/ -t x:1 --ca-certs --tzdata=Europe/Berlin --terminfo xterm --etc --add conf:/etc/hosts").ok();
    Run::new("umoci").dir(dir.path()).line("unpack --image l:1 b").ok();
    let root = dir.join("b/rootfs");
    for path in [
        "etc/ssl/certs/ca-certificates.crt",
        "usr/lib/ssl/cert.pem",
        "etc/ssl/cert.pem",
        "usr/lib/ssl/certs/ca-certificates.crt",
    ] {
        let text = fs::read_to_string(root.join(path)).unwrap_or_else(|e| panic!("{path}: {e}"));
        assert!(text.contains("BEGIN CERTIFICATE"), "{path}");
    }
    assert!(fs::read(root.join("usr/share/zoneinfo/Europe/Berlin")).unwrap().starts_with(b"TZif"));
    assert!(root.join("usr/share/terminfo/x/xterm").is_file());
    // What was named stands before what a part brings.
    assert_eq!(fs::read_to_string(root.join("etc/hosts")).unwrap(), "mine\n");
    assert!(fs::read_to_string(root.join("etc/passwd")).unwrap().contains("nonroot"));
    image(&dir, "-o all/ -t x:1 --tzdata").ok();
    Run::new("umoci").dir(dir.path()).line("unpack --image all:1 b2").ok();
    assert!(dir.join("b2/rootfs/usr/share/zoneinfo/Asia/Tokyo").is_file());
    assert!(!dir.join("b2/rootfs/usr/share/zoneinfo/posix").exists());
    let said = image(&dir, "-o x.tar --terminfo no-such-terminal").fails(2);
    assert!(said.contains("`no-such-terminal`") && said.contains("was not found on this machine"), "{said}");
}

#[test]
fn several_machines_make_an_index() {
    let dir = Dir::new();
    // The header alone says where a program runs; readelf and skopeo are asked whether it was understood.
    let mut other = fs::read(&probe().1).unwrap();
    other[18] = 183;
    dir.file("arm/probe", &other);
    fs::set_permissions(dir.join("arm/probe"), fs::Permissions::from_mode(0o755)).unwrap();
    let readelf = Run::new("readelf").dir(dir.path()).line("-h arm/probe").ok();
    assert!(readelf.contains("AArch64"), "{readelf}");
    let said = image(&dir, "arm/probe -o x.tar -t x:1").ok();
    assert!(said.contains("linux/amd64 linux/arm64/v8"), "{said}");
    let index = json(&skopeo().dir(dir.path()).line("inspect --raw oci-archive:x.tar").ok());
    let platforms: Vec<String> = index["manifests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| format!("{} {}", m["platform"]["architecture"].as_str().unwrap(), m["platform"]["variant"]))
        .collect();
    assert_eq!(platforms, ["amd64 null", "arm64 \"v8\""]);
    for (choice, architecture) in [("amd64", "amd64"), ("arm64", "arm64")] {
        let line = format!("--override-arch {choice} inspect oci-archive:x.tar");
        assert_eq!(json(&skopeo().dir(dir.path()).line(&line).ok())["Architecture"], architecture);
    }
    skopeo().dir(dir.path()).line("copy --all oci-archive:x.tar oci:all:1").ok();
    // docker, which reads one, gets this machine's.
    assert_eq!(json(&skopeo().dir(dir.path()).line("inspect docker-archive:x.tar").ok())["Architecture"], "amd64");
    assert_eq!(Podman::new().load_and_run(&dir, "x.tar", "x:1", "hello"), "hello\n");
}

#[test]
fn layers_by_gzip_zstd_or_as_they_are() {
    let dir = Dir::new();
    for (how, kind) in [("gzip:1", "+gzip"), ("zstd", "+zstd"), ("zstd:3", "+zstd"), ("none", "")] {
        image(&dir, &format!("-o x.tar -t x:1 --compress {how}")).ok();
        let raw = json(&skopeo().dir(dir.path()).line("inspect --raw oci-archive:x.tar").ok());
        let said = raw["layers"][0]["mediaType"].as_str().unwrap();
        assert_eq!(said, format!("application/vnd.oci.image.layer.v1.tar{kind}"), "{how}");
        for format in ["oci-archive", "docker-archive"] {
            skopeo().dir(dir.path()).line(&format!("copy {format}:x.tar oci:{format}{}:1", how.replace(':', "-"))).ok();
        }
    }
    let said = image(&dir, "-o x.tar --compress lzma").fails(2);
    assert!(said.contains("gzip:LEVEL"), "{said}");
}

#[test]
fn a_huge_file_takes_no_memory() {
    let dir = Dir::new();
    fs::File::create(dir.join("huge")).unwrap().set_len(1 << 30).unwrap();
    let ctl = format!(
        "ulimit -v 400000; exec '{STATICCTL}' image '{}' -o x.tar --add huge:/huge --compress zstd:1",
        probe().1.display()
    );
    Run::new("sh").dir(dir.path()).args(["-c", &ctl]).ok();
    skopeo().dir(dir.path()).line("inspect oci-archive:x.tar").ok();
}

#[test]
fn a_cxx_program_in_100_kilobytes() {
    let dir = Dir::new();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/hello-cpp/hello.cpp");
    let build = Run::new(STATICCXX)
        .dir(dir.path())
        .env("XDG_DATA_HOME", crate::full::musl::data())
        .env("STATICCXX_TOOLCHAIN", "musl");
    build.line("-O2 -s -Wl,--gc-sections -pthread -o hello").args([&source]).silent();
    Run::new(STATICCTL).dir(dir.path()).line("image hello -o hello.tar -t hello:1").ok();
    let archive = fs::metadata(dir.join("hello.tar")).unwrap().len();
    skopeo().dir(dir.path()).line("copy oci-archive:hello.tar oci:layout:1").ok();
    Run::new("umoci").dir(dir.path()).line("unpack --image layout:1 bundle").ok();
    let unpacked = fs::metadata(dir.join("bundle/rootfs/hello")).unwrap().len();
    assert!(unpacked <= 200_000 && archive < 100_000, "{unpacked} bytes unpacked, {archive} in the archive");
    assert_eq!(
        Podman::new().load_and_run(&dir, "hello.tar", "hello:1", ""),
        "Hello, world!\ncaught: nobody to greet\n"
    );
}
