//! What `staticctl bundle` prints at its end.

use super::bundle_run::Checked;
use super::cli_args::BundleArgs;
use super::output::{Reported, produce};
use crate::bundle::touched::{BundleFiles, TakenFile, WhyTaken};
use crate::message;
use crate::message::table::{Align, Table, stdout_width};
use crate::options::exit_codes::EXIT_YES;
use crate::packages;
use crate::run::shell_line;
use crate::settings::Settings;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The version of the document's shape.
const SCHEMA: u32 = 1;

/// A bundle that was written.
pub(super) struct BundleSummary<'a> {
    pub(super) output: &'a Path,
    pub(super) is_image: bool,
    /// As it is called.
    pub(super) program: &'a Path,
    pub(super) files: &'a BundleFiles,
    /// Of all files.
    pub(super) bytes: u64,
}

/// The same as a document.
#[derive(Serialize)]
struct BundleDocument<'a> {
    schema: u32,
    output: &'a Path,
    program: &'a Path,
    bytes: u64,
    /// Whether it did the same as a root, and in another directory; none if that was not tried.
    as_root: Option<bool>,
    anywhere: Option<bool>,
    converted: &'a BTreeSet<PathBuf>,
    files: Vec<DescribedFile<'a>>,
    private: &'a BTreeSet<PathBuf>,
    written: &'a BTreeSet<PathBuf>,
}

#[derive(Serialize)]
struct DescribedFile<'a> {
    #[serde(flatten)]
    file: &'a TakenFile,
    #[serde(skip_serializing_if = "Option::is_none")]
    package: Option<String>,
}

impl BundleSummary<'_> {
    pub(super) fn print(&self, settings: &Settings, args: &BundleArgs, checked: &Checked) -> Result<u8, Reported> {
        if args.quiet && !args.json {
            return Ok(EXIT_YES);
        }
        let taken: Vec<&TakenFile> = self.files.taken.values().collect();
        let paths: Vec<PathBuf> = taken.iter().map(|t| t.path.clone()).collect();
        let owners = packages::owners(settings, &paths);
        let names = owners.into_iter().map(|p| p.map(|p| format!("{} {}", p.name, p.version)));
        let files: Vec<DescribedFile<'_>> =
            taken.into_iter().zip(names).map(|(file, package)| DescribedFile { file, package }).collect();
        let text = if args.json { self.json(files, checked) } else { self.text(&files, checked) };
        match produce(&text, EXIT_YES) {
            EXIT_YES => Ok(EXIT_YES),
            status => Err(Reported(status)),
        }
    }

    fn json(&self, files: Vec<DescribedFile<'_>>, checked: &Checked) -> String {
        let document = BundleDocument {
            schema: SCHEMA,
            output: self.output,
            program: self.program,
            bytes: self.bytes,
            as_root: checked.as_root,
            anywhere: checked.anywhere,
            converted: &self.files.programs,
            files,
            private: &self.files.private,
            written: &self.files.written,
        };
        serde_json::to_string(&document).unwrap_or_default() + "\n"
    }

    /// One row for the files of each package that were taken for one reason; files of no package are by directory.
    fn text(&self, files: &[DescribedFile<'_>], checked: &Checked) -> String {
        let mut groups: BTreeMap<(WhyTaken, String), (usize, u64)> = BTreeMap::new();
        for described in files.iter().filter(|d| !d.file.path.is_dir() && d.file.why != WhyTaken::Link) {
            let directory = || described.file.path.parent().unwrap_or(Path::new("/")).display().to_string();
            let of = described.package.clone().unwrap_or_else(directory);
            let group = groups.entry((described.file.why, of)).or_default();
            *group = (group.0 + 1, group.1 + described.file.bytes);
        }
        let mut table = Table::new(&[Align::Left, Align::Right, Align::Right, Align::Left], 0);
        for ((why, of), (count, bytes)) in groups {
            table.row([word(why).to_owned(), count.to_string(), message::size::size(bytes), of]);
        }
        let output = self.output.display();
        let size = message::size::size(self.bytes);
        let place = self.output.join(self.program.strip_prefix("/").unwrap_or(self.program));
        let as_root = || {
            let with_tmp = if self.files.wants_tmp() { " --with-tmp" } else { "" };
            let (root, program) = (shell_line(&[self.output.into()]), shell_line(&[self.program.into()]));
            format!("`staticctl try --root {root} --with-proc --with-dev{with_tmp} {program}`")
        };
        let how = match (self.is_image, checked.anywhere) {
            (true, _) => format!("an image: `docker load -i {}`", shell_line(&[self.output.into()])),
            (false, Some(true)) => format!("it runs from any directory: `{}`", shell_line(&[place.into()])),
            (false, Some(false)) => format!("it must be the root of the file system: {}", as_root()),
            (false, None) => format!("whether it runs outside of a root was not tried: {}", as_root()),
        };
        format!(
            "{}{output}: {size}, {} static programs; {how}\n",
            table.render(stdout_width()),
            self.files.programs.len()
        )
    }
}

/// As the table has it.
fn word(why: WhyTaken) -> &'static str {
    match why {
        WhyTaken::Run => "run",
        WhyTaken::Touched => "read",
        WhyTaken::Plugin => "opened, inside",
        WhyTaken::Link => "link",
        WhyTaken::Added => "added",
    }
}
