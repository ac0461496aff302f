//! `staticctl plugins`: what a dynamic program opens while it runs, as a list for STATICCXX_PLUGINS.
//!
//! ld.so itself reports it (`LD_DEBUG=files`): which file it opened for which object, across fork and exec, without
//! privileges.

use super::cli_args::PluginsArgs;
use super::output::{Reported, fail, keep_inputs, produce};
use crate::check;
use crate::files::write_atomic;
use crate::message;
use crate::options;
use crate::options::exit_codes::{EXIT_ERROR, EXIT_NO, EXIT_YES};
use crate::run::{self, Command, Ended, Guard};
use crate::settings::Settings;
use crate::toolchain_libs;
use nix::unistd::Uid;
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// What was opened, each in the order in which it was opened first.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Opened {
    /// By the program.
    pub(super) plugins: Vec<String>,
    /// Converters that libc opened, by the names of their files.
    pub(super) converters: Vec<String>,
    pub(super) services: Vec<String>,
    /// What somebody else wrote into an earlier list.
    notes: Vec<String>,
}

/// Runs a program and prints the list.
pub(crate) fn run(settings: &Settings, args: &PluginsArgs) -> u8 {
    let name = args.program.to_string_lossy();
    let path = match name.contains('/') || args.program.is_file() {
        true => Some(args.program.clone()),
        false => which::which_in_global(&args.program, settings.path.as_ref()).ok().and_then(|mut all| all.next()),
    };
    let Some(path) = path else { return fail(format!("no program `{name}` here or on PATH"), None) };
    if let Err((error, hint)) = traceable(&path) {
        return fail(format!("`{}` {error}", path.display()), Some(hint));
    }
    if let Some(Err(Reported(status))) = args.output.as_deref().map(|output| keep_inputs(output, [path.as_path()])) {
        return status;
    }
    let earlier = match args.output.as_deref().map(earlier).transpose() {
        Ok(earlier) => earlier.unwrap_or_default(),
        Err(why) => return fail(why, Some("name another file, or remove it".into())),
    };
    match trace(&path, args) {
        Ok((opened, ended)) => finish(args, earlier, opened, ended, &path),
        Err(error) => fail(format!("`{}` can't be run: {error}", path.display()), None),
    }
}

/// Whether ld.so would speak of it.
fn traceable(path: &Path) -> Result<(), (String, String)> {
    let mut head = [0; 2];
    let script = fs::File::open(path).and_then(|mut f| f.read_exact(&mut head)).is_ok() && head == *b"#!";
    if script {
        let text = fs::read(path).unwrap_or_default();
        let line = text.split(|b| *b == b'\n').next().unwrap_or_default();
        let line = String::from_utf8_lossy(line.get(2..).unwrap_or_default()).trim().to_owned();
        let hint = format!("`staticctl plugins {line} -- {}` runs its interpreter", path.display());
        return Err(("is a script".into(), hint));
    }
    let image = check::inspect_headers(path)
        .map_err(|e| (e.to_string(), "give a program that is linked dynamically with glibc".to_owned()))?;
    match image.interpreter.as_deref() {
        Some(interpreter) if !interpreter.contains("ld-musl") => Ok(()),
        Some(interpreter) => Err((
            format!("is for `{interpreter}`, which does not report what it opens"),
            "only programs for glibc can be traced".into(),
        )),
        None => Err((
            "is not a dynamic program: what it opens can't be observed".into(),
            "give the program as it was before it became static".into(),
        )),
    }
}

fn trace(path: &Path, args: &PluginsArgs) -> io::Result<(Opened, Ended)> {
    let logs = LoaderLogs::new()?;
    let program = if path.is_absolute() { path.to_owned() } else { Path::new(".").join(path) };
    let command = logs.asked_for(Command::new([program]).args(args.arguments.iter().cloned()));
    let guard = Guard::install();
    // If the list goes to stdout, the program's stdout goes to stderr.
    let ran = if args.output.is_some() { guard.run_command(&command) } else { guard.run_to_stderr(&command) }?;
    let mut opened = Opened::default();
    for log in logs.read()? {
        read(&log, &mut opened);
    }
    Ok((opened, ran.ended))
}

/// Where ld.so logs what it opens for a command and all that this starts.
pub(super) struct LoaderLogs(TempDir);

impl LoaderLogs {
    pub(super) fn new() -> io::Result<LoaderLogs> {
        let logs = tempfile::Builder::new().prefix("staticcxx").tempdir()?;
        if Uid::effective().is_root() {
            // What becomes another user (a service) writes its log too; nobody else knows the name.
            fs::set_permissions(logs.path(), fs::Permissions::from_mode(0o733))?;
        }
        Ok(LoaderLogs(logs))
    }

    /// The command, with what makes ld.so write.
    pub(super) fn asked_for(&self, command: Command) -> Command {
        command.env("LD_DEBUG", "files").env("LD_DEBUG_OUTPUT", self.0.path().join("log"))
    }

    /// The directory, which is nothing of the command's own.
    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    /// The logs, one for each process.
    pub(super) fn read(&self) -> io::Result<Vec<String>> {
        let mut files: Vec<PathBuf> = fs::read_dir(self.path())?.map(|e| Ok(e?.path())).collect::<io::Result<_>>()?;
        files.sort();
        files.iter().map(|file| Ok(String::from_utf8_lossy(&fs::read(file)?).into_owned())).collect()
    }
}

/// Reads ld.so's log of one process.
pub(super) fn read(log: &str, opened: &mut Opened) {
    // What others need is found without being named.
    let mut needed = BTreeSet::new();
    let mut by_libc = BTreeSet::new();
    for line in log.lines() {
        let Some((_, line)) = line.split_once(":\t") else { continue };
        let line = line.trim();
        if let Some((name, rest)) = line.strip_prefix("file=").and_then(|l| l.split_once(" [")) {
            // A library that stays loaded because another uses its symbols is not needed by that.
            if rest.contains("];  needed by ") && !rest.ends_with("(relocation dependency)") {
                needed.insert(file_name(name).to_owned());
            } else if let Some((_, by)) = rest.split_once("];  dynamically loaded by ")
                && toolchain_libs::is_glibc(file_name(by.split(" [").next().unwrap_or_default()).as_bytes())
            {
                by_libc.insert(file_name(name).to_owned());
            }
        } else if let Some((path, _)) = line.strip_prefix("opening file=").and_then(|l| l.split_once(" [")) {
            let name = file_name(path);
            // The program itself.
            if name.is_empty() {
                continue;
            }
            let list = if let Some(service) = name.strip_prefix("libnss_").and_then(|n| n.strip_suffix(".so.2")) {
                add(&mut opened.services, service);
                continue;
            } else if by_libc.contains(name) && path.contains("/gconv/") {
                add(&mut opened.converters, name.strip_suffix(".so").unwrap_or(name));
                continue;
            } else {
                &mut opened.plugins
            };
            if !needed.contains(name)
                && !toolchain_libs::is_in_glibc_archives(name.as_bytes())
                && !by_libc.contains(name)
            {
                let shown = std::path::absolute(path).map_or_else(|_| path.to_owned(), |p| p.display().to_string());
                add(list, &shown);
            }
        }
    }
}

fn add(list: &mut Vec<String>, text: &str) {
    if !list.iter().any(|l| l == text) {
        list.push(text.to_owned());
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// How a list begins.
const HEAD: &str = "# what `";
/// What is before the variable for converters, and for name services.
const ICONV_NOTE: &str = "# iconv: ";
const SERVICES_NOTE: &str = "# name services: ";

/// The list, as STATICCXX_PLUGINS takes it after an `@`.
fn list(program: &Path, opened: &Opened) -> String {
    let mut text = format!("{HEAD}{}` opened: {}=@THIS-FILE\n", program.display(), options::PLUGINS.name);
    for note in &opened.notes {
        text.push_str(note);
        text.push('\n');
    }
    for path in &opened.plugins {
        text.push_str(path);
        text.push('\n');
    }
    if !opened.converters.is_empty() {
        text.push_str(&format!("{ICONV_NOTE}{}=common,{}\n", options::ICONV.name, opened.converters.join(",")));
    }
    let services: Vec<&str> =
        opened.services.iter().map(String::as_str).filter(|s| !["files", "dns", "compat"].contains(s)).collect();
    if !services.is_empty() {
        text.push_str(&format!("{SERVICES_NOTE}{}={}\n", options::NSS.name, services.join(",")));
    }
    text
}

/// The list that earlier runs have left in a file; empty if there is no such file.
///
/// # Errors
/// A file that is something else, or can't be read.
fn earlier(file: &Path) -> Result<Opened, String> {
    // A pipe or a device takes a list and has none, and reading it might wait for ever.
    if !file.is_file() {
        return Ok(Opened::default());
    }
    let text = fs::read_to_string(file).map_err(|error| format!("`{}` can't be read: {error}", file.display()))?;
    if !text.is_empty() && !text.starts_with(HEAD) {
        return Err(format!("`{}` is not a list that `staticctl plugins` wrote", file.display()));
    }
    let mut known = Opened::default();
    for line in text.lines().skip(1) {
        let (converters, services) = (variable(line, ICONV_NOTE), variable(line, SERVICES_NOTE));
        if let Some(names) = converters {
            names.split(',').filter(|name| *name != "common").for_each(|name| add(&mut known.converters, name));
        } else if let Some(names) = services {
            names.split(',').for_each(|name| add(&mut known.services, name));
        } else if line.starts_with('#') || line.trim().is_empty() {
            known.notes.push(line.to_owned());
        } else {
            add(&mut known.plugins, line);
        }
    }
    Ok(known)
}

/// The value of the variable in a note.
fn variable<'l>(line: &'l str, note: &str) -> Option<&'l str> {
    line.strip_prefix(note)?.split_once('=').map(|(_, value)| value)
}

fn finish(args: &PluginsArgs, earlier: Opened, opened: Opened, ended: Ended, program: &Path) -> u8 {
    match ended {
        Ended::Exited(0) => {}
        Ended::Exited(status) => message::note(format!("the program ended with status {status}")),
        Ended::Killed(signal) => message::note(format!("the program was killed by signal {signal}")),
    }
    let nothing = opened == Opened::default();
    if nothing {
        message::note("it opened nothing: give it arguments that make it use its plugins");
    }
    let code = if nothing { EXIT_NO } else { EXIT_YES };
    let mut all = earlier;
    for (list, more) in [
        (&mut all.plugins, &opened.plugins),
        (&mut all.converters, &opened.converters),
        (&mut all.services, &opened.services),
    ] {
        more.iter().for_each(|name| add(list, name));
    }
    let text = list(program, &all);
    let Some(file) = &args.output else { return produce(&text, code) };
    match write_atomic(file, text.as_bytes()) {
        Ok(()) => code,
        Err(error) => {
            message::error(format!("`{}` can't be written: {error}", file.display()));
            message::note(format!("the program was run: {}", run::shell_line(&[program.as_os_str().to_owned()])));
            EXIT_ERROR
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ld_so_says_of_a_process() {
        let log = "      1:\t\n      1:\tfile=libc.so.6 [0];  needed by ./p [0]\n\
            1:\tfile=/o/p1.so [0];  dynamically loaded by ./p [0]\n1:\tfile=libdep.so [0];  needed by /o/p1.so [0]\n1:\tfile=/o/p1.so [0];  needed by /lib/libz.so.1 [0] (relocation dependency)\n\
            1:\topening file=/o/p1.so [0]; direct_opencount=1\n1:\topening file=/o/p1.so [0]; direct_opencount=2\n\
            1:\topening file=/o/libdep.so [0]; direct_opencount=1\n1:\topening file=/lib/libc.so.6 [0]; direct_opencount=1\n1:\topening file= [0]; direct_opencount=2\n\
            1:\tfile=/g/gconv/EUC-JP.so [0];  dynamically loaded by /lib/libc.so.6 [0]\n\
            1:\topening file=/g/gconv/EUC-JP.so [0]; direct_opencount=1\n\
            1:\topening file=/lib/libnss_myhostname.so.2 [0]; direct_opencount=1\nnonsense\n";
        let mut opened = Opened::default();
        read(log, &mut opened);
        assert_eq!((opened.plugins.join(" "), opened.converters.join(" ")), ("/o/p1.so".into(), "EUC-JP".into()));
        let text = list(Path::new("p"), &opened);
        assert!(text.contains("\n/o/p1.so\n# iconv: STATICCXX_ICONV=common,EUC-JP\n"), "{text}");
        assert!(text.ends_with("# name services: STATICCXX_NSS=myhostname\n"), "{text}");
    }
}
