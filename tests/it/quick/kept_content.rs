//! What is kept in caches: damage is seen and mended without a word, and nothing that is named there is run.

use crate::support::*;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

const REPAIRED: &str = fixture!("kept/repaired.c");
const LIBRARY: &str = "static int all = 40;\n__attribute__((constructor)) static void more(void) { all++; }\nint q(void) { return ++all; }\n";
const CALLER: &str =
    "#include <stdio.h>\nint q(void), w(void);\nint main(void) { return printf(\"%d\\n\", q() * w()) < 0; }\n";

/// Three programs: one with repairs of glibc, one for the built-in linker, one with a converted library and an archive that has a shared twin.
struct Project(Dir);

impl Project {
    fn new() -> Project {
        let dir = Dir::new();
        for (name, text) in [
            ("r.c", REPAIRED),
            ("h.c", HELLO_C),
            ("q.c", LIBRARY),
            ("w.c", "int w(void) { return 1; }\n"),
            ("m.c", CALLER),
        ] {
            dir.file(name, text);
        }
        let gcc = |line: &str| Run::new("gcc").dir(dir.path()).line(line).ok();
        gcc("-c r.c h.c m.c");
        gcc("-shared -fPIC q.c -o libq.so");
        gcc("-c -fPIC w.c");
        gcc("-shared w.o -o libw.so");
        Run::new("ar").dir(dir.path()).line("rc libw.a w.o").ok();
        Project(dir)
    }

    fn by(&self, program: &str, line: &str) -> Run {
        Run::new(program).dir(self.0.path()).env("XDG_CACHE_HOME", self.0.join("cache")).line(line)
    }

    /// All programs, which must work, without a word.
    fn links(&self, options: &str) -> [Vec<u8>; 3] {
        self.by(STATICCC, &format!("{options} r.o -o r")).silent();
        self.by(STATICCC, &format!("{options} h.o -o h")).silent();
        self.by(STATICCC, &format!("{options} m.o -L. -lq -lw -o m")).silent();
        assert_eq!(Run::new(self.0.join("r")).ok(), "ä 6\n");
        assert_eq!(Run::new(self.0.join("m")).ok(), "42\n");
        ["r", "h", "m"].map(|name| fs::read(self.0.join(name)).unwrap())
    }

    /// Every file in a kind of cache, with its content.
    fn kept(&self, kind: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let all = walkdir::WalkDir::new(self.0.join("cache/staticcxx").join(kind)).into_iter().map(Result::unwrap);
        let files = all.filter(|e| e.file_type().is_file()).map(walkdir::DirEntry::into_path);
        files.map(|path| (fs::read(&path).unwrap(), path)).map(|(bytes, path)| (path, bytes)).collect()
    }
}

/// Writes over a file in place, and sets the time of its modification back.
fn damage(file: &Path, bytes: &[u8]) {
    let before = fs::metadata(file).unwrap().modified().unwrap();
    fs::write(file, bytes).unwrap();
    File::options().write(true).open(file).unwrap().set_modified(before).unwrap();
}

/// Emptied, cut off, a byte edited, the content of another file.
fn kinds(files: &BTreeMap<PathBuf, Vec<u8>>) -> Vec<(&'static str, BTreeMap<PathBuf, Vec<u8>>)> {
    let all = |how: &dyn Fn(&Path, &[u8]) -> Vec<u8>| files.iter().map(|(p, b)| (p.clone(), how(p, b))).collect();
    let another = |path: &Path, bytes: &[u8]| {
        let same = |p: &Path| p != path && p.extension() == path.extension();
        files.iter().find(|(p, b)| same(p) && *b != bytes).map_or_else(Vec::new, |(_, b)| b.clone())
    };
    vec![
        ("empty", all(&|_, _| Vec::new())),
        ("cut off", all(&|_, bytes| bytes[..bytes.len() / 2].to_vec())),
        (
            "edited",
            all(&|_, bytes| {
                let mut edited = bytes.to_vec();
                edited[bytes.len() * 2 / 3] ^= 1;
                edited
            }),
        ),
        ("another", all(&|path, bytes| another(path, bytes))),
    ]
}

/// JSON is sound again: it may name temporary files of a compiler. All else is what it was.
fn is_mended(path: &Path, before: &[u8], kept: &BTreeMap<PathBuf, Vec<u8>>) -> bool {
    let Some(bytes) = kept.get(path) else { return false };
    match path.extension().is_some_and(|e| e == "json") {
        true => bytes
            .get(2..34)
            .is_some_and(|hash| bytes.len() > 36 && hash == digest(&bytes[36..bytes.len() - 1]).as_bytes()),
        false => bytes == before,
    }
}

/// By their names: records hold times.
fn without_records(kept: BTreeMap<PathBuf, Vec<u8>>) -> BTreeMap<PathBuf, Vec<u8>> {
    kept.into_iter().filter(|(p, _)| !p.ends_with("seals") && p.extension().is_none_or(|e| e != "seal")).collect()
}

#[test]
fn damage_is_mended_in_every_cache() {
    let project = Project::new();
    let first = project.links("");
    let caches = ["converted", "archives", "lines", "repairs", "trials"];
    let whole = caches.map(|kind| without_records(project.kept(kind)));
    let by_kind = whole.each_ref().map(kinds);
    for (at, (how, _)) in by_kind[0].iter().enumerate() {
        by_kind.iter().flat_map(|kinds| &kinds[at].1).for_each(|(path, bytes)| damage(path, bytes));
        assert_eq!(project.links(""), first, "{how}");
        for (kind, whole) in caches.iter().zip(&whole) {
            let mended = without_records(project.kept(kind));
            let again = whole.iter().filter(|(path, bytes)| is_mended(path, bytes, &mended)).count();
            // Of small files those that a link of these needs again; the others were for trials.
            let least = if ["repairs", "converted"].contains(kind) { whole.len() } else { 1 };
            assert!(again >= least && least > 0, "{kind}: {how}: {again} of {}", whole.len());
        }
    }
    // Facts of a compiler: with them all that follows is found out again.
    let facts = project.kept("probe");
    kinds(&facts)[2].1.iter().for_each(|(path, bytes)| damage(path, bytes));
    assert_eq!(project.links(""), first);
    let mended = project.kept("probe");
    assert!(facts.iter().all(|(path, bytes)| is_mended(path, bytes, &mended)));
    // Records: what they are about counts as damaged.
    let is_record = |path: &PathBuf| path.ends_with("seals") || path.extension().is_some_and(|e| e == "seal");
    let kept = ["repairs", "converted"].map(|kind| project.kept(kind));
    let records: Vec<PathBuf> = kept.into_iter().flat_map(BTreeMap::into_keys).filter(is_record).collect();
    assert_eq!(records.len(), 2, "{records:?}");
    records.iter().for_each(|path| damage(path, b"1\n"));
    assert_eq!(project.links(""), first);
    assert!(records.iter().all(|path| fs::metadata(path).unwrap().len() > 10));
}

#[test]
fn one_damaged_file_of_many_is_enough() {
    let project = Project::new();
    let first = project.links("");
    let seals: Vec<PathBuf> = project.kept("repairs").into_keys().filter(|p| p.ends_with("seals")).collect();
    // All that is there is sealed.
    let sealed = fs::read_to_string(&seals[0]).unwrap();
    let files = without_records(project.kept("repairs"));
    for path in files.keys() {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(sealed.lines().any(|line| line.ends_with(&format!(" {name}"))), "{name}");
    }
    // The smallest one, which no link of these names.
    let (path, bytes) = files.iter().min_by_key(|(_, bytes)| bytes.len()).unwrap();
    damage(path, &bytes[1..]);
    assert_eq!(project.links(""), first);
    assert!(fs::read(path).unwrap() == *bytes);
    // A cache that was copied is not damaged: nothing is made anew.
    let probed = project.kept("probe");
    Run::new("cp").args(["-r".into(), project.0.join("cache"), project.0.join("copy")]).ok();
    fs::remove_dir_all(project.0.join("cache")).unwrap();
    fs::rename(project.0.join("copy"), project.0.join("cache")).unwrap();
    let log = project.by(STATICCC, "r.o -o r").env("STATICCXX_LOG", "debug").output();
    assert!(log.status.success() && !text(&log.stderr).contains("probing"), "{}", text(&log.stderr));
    assert_eq!(project.kept("probe"), probed);
}

#[test]
fn converters_of_one_s_own_choice_are_mended() {
    let project = Project::new();
    let link = || {
        project.by(STATICCC, "r.o -o r").env("STATICCXX_ICONV", "ISO-8859-1,KOI8-R").silent();
        assert_eq!(Run::new(project.0.join("r")).ok(), "ä 6\n");
    };
    link();
    let chosen = |p: &Path| p.extension().is_some_and(|e| e == "ar") && p.with_extension("seal").exists();
    let whole: BTreeMap<_, _> = project.kept("repairs").into_iter().filter(|(p, _)| chosen(p)).collect();
    assert_eq!(whole.len(), 1);
    for (how, damaged) in kinds(&whole) {
        damaged.iter().for_each(|(path, bytes)| damage(path, bytes));
        link();
        for (path, bytes) in &whole {
            assert!(fs::read(path).unwrap() == *bytes, "{how}");
        }
    }
}

#[test]
fn nothing_that_a_cache_names_is_run() {
    let project = Project::new();
    let dir = &project.0;
    let build = |run: Run| {
        run.line("run --").args(["sh", "-c", "$CC r.c -o x && $CXX -x c++ - -o y </dev/null; pkg-config; true"])
    };
    project.links("");
    project.links("-fuse-ld=bfd");
    build(project.by(STATICCTL, "")).ok();
    // Each path of a program or a plugin leads to one that would show itself; hashes are right, as if it was written by us.
    let mark = dir.join("mark");
    let script = dir.script("script", &format!("echo \"$0\" >> {}", mark.display()));
    dir.file("plugin.c", format!("#include <stdio.h>\n__attribute__((constructor)) static void run(void) {{ fclose(fopen(\"{}\", \"w\")); }}\n", mark.display()));
    Run::new("gcc").dir(dir.path()).line("-shared -fPIC plugin.c -o plugin.so").silent();
    let plugin = dir.join("plugin.so");
    let mut turned = 0;
    for kind in ["probe", "lines", "trials", "archives"] {
        for path in project.kept(kind).keys().filter(|p| p.extension().is_some_and(|e| e == "json")) {
            let text = unsealed(path).to_string();
            let words = text.split('"').map(|word| {
                let at = word.find('/').unwrap_or(0);
                let (option, file) = word.split_at(at);
                let runs = fs::metadata(file).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0);
                let to = if file.ends_with(".so") { &plugin } else { &script };
                turned += usize::from(runs || file.ends_with(".so"));
                if runs || file.ends_with(".so") { format!("{option}{}", to.display()) } else { word.to_owned() }
            });
            let text = words.collect::<Vec<_>>().join("\"");
            sealed(path, &text);
        }
    }
    assert!(turned > 0, "no cache names a program");
    for options in ["", "-fuse-ld=bfd", "-O2", "-flto"] {
        for program in ["r", "h", "m"] {
            let libraries = if program == "m" { "-L. -lq -lw" } else { "" };
            project.by(STATICCC, &format!("{options} {program}.o {libraries} -o {program}")).output();
        }
    }
    build(project.by(STATICCTL, "")).output();
    project.by(STATICCTL, "doctor").output();
    assert!(!mark.exists(), "{}", fs::read_to_string(&mark).unwrap_or_default());
}
