//! Where outputs go: devices, FIFOs, descriptors and links are written to, and stay what they are.

use crate::support::*;
use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::path::Path;

/// Every command with an output: the words, and whether what is written begins with these bytes.
const COMMANDS: [(&str, &[u8]); 5] = [
    ("run --report OUT -- true", b"{"),
    ("convert --quiet ./dynamic -o OUT", b"\x7fELF"),
    ("archive ./libone.so -o OUT", b"!<arch>\n"),
    ("image ./still -o OUT", b""),
    ("plugins -o OUT ./opens", b"# what "),
];

/// What the commands take.
fn inputs() -> Dir {
    let dir = Dir::new();
    dir.file("h.c", HELLO_C);
    dir.file("one.c", "int one(void) { return 1; }\n");
    dir.file("opens.c", "#include <dlfcn.h>\nint main(void) { return !dlopen(\"./libone.so\", RTLD_NOW); }\n");
    for line in ["h.c -o dynamic", "-static h.c -o still", "-shared -fPIC one.c -o libone.so", "opens.c -o opens -ldl"]
    {
        Run::new("gcc").dir(dir.path()).line(line).ok();
    }
    dir
}

fn run(dir: &Dir, command: &str, output: &str) -> Run {
    Run::new(STATICCTL).dir(dir.path()).line(&command.replace("OUT", output))
}

#[test]
fn a_device_stays_a_device() {
    let dir = inputs();
    // The device is mounted on a file, in a namespace where an ordinary user may do so: nothing can rename over it.
    for output in ["device", "link"] {
        for (command, _) in COMMANDS {
            let command = command.replace("OUT", output);
            let script = format!(
                "set -e; : > device; ln -sf device link; mount --bind /dev/null device\n'{STATICCTL}' {command}\n\
                 test -c device; test -L link; test ! -s link"
            );
            Run::new("unshare").dir(dir.path()).line("--user --map-root-user --mount sh -c").args([script]).ok();
        }
    }
    assert!(!dir.names().iter().any(|n| n.starts_with('.')), "{:?}", dir.names());
}

#[test]
fn a_fifo_gets_what_a_file_would() {
    let dir = inputs();
    Run::new("mkfifo").dir(dir.path()).line("fifo").ok();
    for (command, start) in COMMANDS {
        let reader = std::thread::spawn({
            let fifo = dir.join("fifo");
            move || fs::read(fifo).unwrap()
        });
        run(&dir, command, "fifo").ok();
        let got = reader.join().unwrap();
        assert!(!got.is_empty() && got.starts_with(start), "{command}");
        assert!(fs::symlink_metadata(dir.join("fifo")).unwrap().file_type().is_fifo(), "{command}");
    }
}

#[test]
fn a_link_leads_to_what_was_written() {
    let dir = inputs();
    fs::create_dir(dir.join("far")).unwrap();
    for (command, start) in COMMANDS {
        for (link, target) in [("link", "far/file"), ("dangling", "far/new")] {
            let _ = (fs::remove_file(dir.join(link)), fs::remove_file(dir.join("far/new")));
            symlink(target, dir.join(link)).unwrap();
            // Lists of plugins are written over by nothing but themselves.
            let old = "# what `old` opened\n";
            dir.file("far/file", old);
            run(&dir, command, link).ok();
            assert!(fs::symlink_metadata(dir.join(link)).unwrap().is_symlink(), "{command}");
            let got = fs::read(dir.join(target)).unwrap();
            assert!(got != old.as_bytes() && got.starts_with(start), "{command}");
        }
    }
    assert_eq!(fs::read_dir(dir.join("far")).unwrap().count(), 2);
}

#[test]
fn a_replaced_file_keeps_its_permissions_and_a_program_gets_the_original_s() {
    let dir = inputs();
    for (command, mode) in [("run --report OUT -- true", 0o600), ("convert --quiet ./dynamic -o OUT", 0o755)] {
        let out = dir.file("out", "old");
        fs::set_permissions(&out, fs::Permissions::from_mode(0o600)).unwrap();
        fs::set_permissions(dir.join("dynamic"), fs::Permissions::from_mode(0o755)).unwrap();
        run(&dir, command, "out").ok();
        assert_eq!(fs::metadata(out).unwrap().permissions().mode() & 0o7777, mode, "{command}");
    }
}

#[test]
fn a_report_on_stdout_comes_after_what_the_build_printed() {
    let dir = Dir::new();
    let log = dir.join("log");
    let file = fs::File::create(&log).unwrap();
    let mut command =
        Run::new(STATICCTL).dir(dir.path()).line("run --report /proc/self/fd/1 -- echo a-word-of-the-build").command();
    assert!(command.stdout(file).status().unwrap().success());
    let text = fs::read_to_string(Path::new(&log)).unwrap();
    let report = text.strip_prefix("a-word-of-the-build\n").unwrap_or_else(|| panic!("{text}"));
    assert!(serde_json::from_str::<serde_json::Value>(report).unwrap()["programs"].is_array(), "{report}");
}
