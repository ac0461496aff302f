//! Caches of two users and of root: whose is used by whom. It takes root, or sudo without a question, as `tests/run`
//! does.

use crate::quick::sandbox::is_root;
use crate::support::*;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

const ROOT: u32 = 0;
const ANN: u32 = 12345;
const BOB: u32 = 23456;

/// Programs where every user finds them; the directories of the tests are for one.
const SYSTEM: &str = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";

/// A directory that all enter, with our programs, a source, and a directory of each user's own, by his number.
struct Town(Dir);

impl Town {
    fn new() -> Town {
        let dir = Dir::new();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for program in [STATICCC, STATICCXX, STATICCTL] {
            fs::copy(program, dir.join(Path::new(program).file_name().unwrap())).unwrap();
        }
        dir.file("h.c", HELLO_C);
        let town = Town(dir);
        let homes = format!(
            "umask 022; mkdir {ROOT} {ANN} {BOB} tmp && chown {ANN}:{ANN} {ANN} && chown {BOB}:{BOB} {BOB} && chmod 1777 tmp"
        );
        town.by(ROOT, &homes).ok();
        town
    }

    fn home(&self, user: u32) -> PathBuf {
        self.0.join(user.to_string())
    }

    /// A line of shell by a user with a cache, with our programs on his PATH; an empty name is no cache of its own.
    fn with(&self, user: u32, cache: impl AsRef<Path>, line: &str) -> Run {
        let mut words: Vec<OsString> = Vec::new();
        if !is_root() {
            words.extend(["sudo", "-n", "--"].map(OsString::from));
        }
        if user != ROOT {
            let id = format!("setpriv --reuid {user} --regid {user} --clear-groups --");
            words.extend(id.split(' ').map(OsString::from));
        }
        let set = |name: &str, value: &Path| {
            let mut word = OsString::from(format!("{name}="));
            word.push(value);
            word
        };
        let path = format!("{}:{SYSTEM}", self.0.path().display());
        words.extend(["env".into(), "-i".into(), "LC_ALL=C".into(), format!("PATH={path}").into()]);
        words.extend([set("HOME", &self.home(user)), set("XDG_CACHE_HOME", cache.as_ref())]);
        words.extend(["sh", "-c", line].map(OsString::from));
        Run::new(&words[0]).args(&words[1..]).dir(self.0.path())
    }

    fn by(&self, user: u32, line: &str) -> Run {
        self.with(user, "", line)
    }

    /// What a user is told of a cache directory by a build that uses it.
    fn told(&self, user: u32, cache: &Path) -> String {
        let out = self.with(user, cache, "staticctl run -- true").output();
        let said = text(&out.stderr);
        assert!(out.status.success(), "{user}: {}: {said}", cache.display());
        let lines: Vec<&str> = said.lines().filter(|l| l.contains("warning")).collect();
        assert!(lines.len() <= 1, "{said}");
        assert!(lines.iter().all(|l| l.starts_with("staticcxx: warning: the cache directory `")), "{said}");
        lines.concat()
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        // Without root only root may remove what belongs to others.
        let _ = self.by(ROOT, &format!("rm -rf {ROOT} {ANN} {BOB} tmp")).output();
    }
}

#[test]
fn nobody_runs_or_links_what_another_user_keeps() {
    let town = Town::new();
    let cache = |user| town.home(user).join("cache");
    // Each has a cache, and puts a script into it that shows when somebody runs it.
    for user in [ROOT, ANN, BOB] {
        let run = |line: &str| town.with(user, cache(user), line);
        let link = if user == ROOT { "staticcc h.c -o $HOME/h" } else { "true" };
        run(&format!("umask 022; staticctl run -- true && {link}")).ok();
        let script = format!("#!/bin/sh\\necho run by $(id -u) of {user} >> {}/log\\n", town.0.join("tmp").display());
        run(&format!("cd $HOME/cache/staticcxx/build; for f in */bin/pkg-config; do printf '{script}' > $f; done"))
            .ok();
    }
    for (user, other) in [(ROOT, ANN), (ANN, BOB), (BOB, ANN)] {
        let owner = format!("belongs to user {other};");
        assert!(town.told(user, &cache(other)).contains(&owner), "{user} with the cache of {other}");
        let run = |line: &str| town.with(user, cache(other), line);
        run("staticctl run -- sh -c 'pkg-config --version; true'").ok();
        if user == BOB {
            continue;
        }
        let out = run("staticcc h.c -o $HOME/h && $HOME/h").output();
        let said = text(&out.stderr);
        assert!(out.status.success() && text(&out.stdout) == "hello\n", "{said}");
        assert!(said.lines().count() == 1 && said.contains(&owner), "{said}");
    }
    // Root's can be read by all, and is trusted: it is used as it is, without a word.
    for user in [ANN, BOB] {
        assert_eq!(town.told(user, &cache(ROOT)), "", "{user}");
        let run = |line: &str| town.with(user, cache(ROOT), line);
        run("staticcc h.c -o $HOME/h").silent();
        assert_eq!(run("$HOME/h").ok(), "hello\n");
    }
    assert!(!town.0.join("tmp/log").exists(), "{}", fs::read_to_string(town.0.join("tmp/log")).unwrap_or_default());
}

#[test]
fn every_directory_and_link_on_the_way_counts() {
    let town = Town::new();
    let at = |name: &str| town.0.join(name);
    town.by(ANN, &format!("cd $HOME && umask 022 && mkdir -p own shared/cache group/cache open/cache sticky && chmod 777 open && chmod 1777 sticky && chmod 775 group && ln -s $HOME/own {tmp}/by-ann && ln -s $HOME/open/cache inward", tmp = at("tmp").display())).ok();
    town.by(ROOT, &format!("chown {ANN}:{BOB} {ANN}/shared && chmod 775 {ANN}/shared")).ok();
    town.by(
        BOB,
        &format!(
            "mkdir tmp/first && ln -s {}/own tmp/by-bob && ln -s tmp/by-bob $HOME/by-bob",
            town.home(ANN).display()
        ),
    )
    .ok();
    let home = town.home(ANN);
    for (cache, told) in [
        (home.join("own"), String::new()),
        // A group of the user's own number is the user; another one is others.
        (home.join("group/cache"), String::new()),
        (home.join("shared/cache"), format!("others may write to `{}`", home.join("shared").display())),
        (home.join("open/cache"), format!("others may write to `{}`", home.join("open").display())),
        (home.join("inward"), format!("others may write to `{}`", home.join("open").display())),
        // A link can be turned by whom it belongs to; in a sticky directory by nobody else.
        (at("tmp/by-ann"), String::new()),
        (at("tmp/by-bob"), format!("`{}` belongs to user {BOB}", at("tmp/by-bob").display())),
        (at("tmp/first"), format!("`{}` belongs to user {BOB}", at("tmp/first").display())),
        (at("tmp/second"), String::new()),
        (home.join("sticky/cache"), String::new()),
        (home.join("open/new"), format!("others may write to `{}`", home.join("open").display())),
    ] {
        let said = town.told(ANN, &cache);
        assert!(said.contains(&told), "{}: {said}", cache.display());
        assert_eq!(said.is_empty(), told.is_empty(), "{}: {said}", cache.display());
    }
    // Where others could have been first it is made for its owner alone, and stays so.
    for made in [at("tmp/second"), home.join("sticky/cache")] {
        let modes = town.by(ROOT, &format!("stat -c %a {0} {0}/staticcxx", made.display())).ok();
        assert_eq!(modes, "700\n700\n");
        assert!(town.told(BOB, &made).contains(&format!("belongs to user {ANN}")), "{}", made.display());
        assert!(town.told(ROOT, &made).contains(&format!("belongs to user {ANN}")), "{}", made.display());
    }
}

#[test]
fn a_umask_opens_no_cache() {
    let town = Town::new();
    let run = |umask: &str, line: &str| town.with(ANN, town.home(ANN).join("cache"), &format!("umask {umask}; {line}"));
    let link = "staticcc h.c -o $HOME/h";
    for umask in ["000", "002", "000"] {
        run(umask, link).silent();
        let mode = town.by(ANN, "stat -c %a $HOME/cache/staticcxx").ok();
        assert_eq!(mode, "700\n", "{umask}");
        run(umask, "staticctl run -- true").ok();
    }
    // One that is there already is closed before a file in it is open; one that was open is not trusted any more.
    town.by(ANN, "chmod 755 $HOME/cache/staticcxx; chmod -R go-w $HOME/cache").ok();
    run("022", link).silent();
    assert_eq!(town.by(ANN, "stat -c %a $HOME/cache/staticcxx").ok(), "755\n");
    run("000", link).silent();
    assert_eq!(town.by(ANN, "stat -c %a $HOME/cache/staticcxx").ok(), "700\n");
    town.by(ANN, "chmod 755 $HOME/cache/staticcxx; chmod 777 $HOME/cache/staticcxx/probe").ok();
    assert!(town.told(ANN, &town.home(ANN).join("cache")).contains("others may write to"));
}

#[test]
fn root_in_the_home_of_a_user_leaves_nothing_there() {
    let town = Town::new();
    // The machine's own cache of root is not touched.
    let mount = "mount -t tmpfs none /var/cache && exec setpriv --reuid 0 --regid 0 --clear-groups sh -c";
    let build = "umask 022; staticcc h.c -o 0/h && staticctl run -- true && find /var/cache -mindepth 1 -maxdepth 2";
    let home = format!("HOME={}", town.home(ANN).display());
    let out = town.by(ROOT, &format!("{home} unshare --mount sh -c '{mount} \"{build}\"'")).output();
    assert!(out.status.success(), "{}", text(&out.stderr));
    assert!(text(&out.stdout).contains("/var/cache/staticcxx/probe"), "{}", text(&out.stdout));
    assert!(!text(&out.stderr).contains("warning"), "{}", text(&out.stderr));
    assert_eq!(town.by(ROOT, &format!("find {ANN} -mindepth 1")).ok(), "");
}
