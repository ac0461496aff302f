//! The notes of a program's parts in its link: room for them before it, what the linker took behind it.

use super::link_job::LinkJob;
use super::part_hardening::hardening_of;
use super::part_sources::{self, PartOwners};
use super::placed_by_symbols;
use super::size_link::{self, SizedLink};
use crate::archive;
use crate::args::ld_options::{self, Item};
use crate::args::option_table::Role;
use crate::linker_output::Listener;
use crate::model::Family;
use crate::options::parts::PartsMode;
use crate::parts::linked_parts::{LinkedParts, PartSource};
use crate::parts::output_notes::{self, OutputNotes};
use crate::parts::part_notes::{self, KEY, PartNotes};
use crate::parts::{PlacedInputs, PlacedSection, map, note_object, trace};
use crate::plan::policy::is_probe;
use crate::repairs::choose::links_with;
use crate::report::LinkedBy;
use crate::settings::Settings;
use crate::size::size_rows::SizeRow;
use foldhash::HashSet;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

/// A link whose program names its parts.
pub(super) struct NotedLink {
    owners: PartOwners,
    sources: Vec<PartSource>,
    /// How many of them were known before the link: their names have room.
    offered: usize,
    /// Where the built-in linker says what it took.
    pub layout: PathBuf,
    asked: Asked,
    mode: PartsMode,
}

/// What is known of a program once it is linked.
pub(super) struct SettledParts {
    pub parts: LinkedParts,
    /// Files of which nothing was taken.
    pub unlinked: Vec<PathBuf>,
    /// The sizes of its libraries, where they are wanted.
    pub sizes: Option<Vec<SizeRow>>,
}

/// How the compiler's linker says what it took.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Asked {
    /// By a list on its stdout.
    Trace,
    /// By its map in this file.
    Map(PathBuf),
    /// It is not asked: the output's symbols tell.
    Nothing,
}

/// Linkers that print what they take; mold (2.37) prints what it opens, and crashes over some maps (1.10: "Assertion `file ==
/// &isec->file' failed"). Each by the name for `-fuse-ld=` and what their version line contains.
const TRACING: [(&str, &str); 3] = [("bfd", "GNU ld"), ("gold", "GNU gold"), ("lld", "LLD")];
/// Linker words with which it prints something of the user's on stdout, or writes his map.
const PRINTING: [&str; 10] =
    ["-t", "--trace", "-M", "--print-map", "-Map", "--Map", "--verbose", "--cref", "--print-gc-sections", "--stats"];

/// How many bytes of files without a package are hashed where digests are not asked for: a large project's own archives take
/// longer to hash than to link.
const HASHED: u64 = 16 << 20;

/// Linker words for outputs that are more or less than programs of a system.
const OTHER_OUTPUTS: [&str; 7] = ["-r", "--relocatable", "--oformat", "-oformat", "-N", "--omagic", "--image-base"];

impl NotedLink {
    /// Adds the notes' object to a link; none where the program gets no notes and what goes in is not asked for.
    pub(super) fn begin(settings: &Settings, job: &mut LinkJob) -> Option<NotedLink> {
        let mode = settings.parts;
        if mode == PartsMode::Off && settings.size.is_none() || settings.trial.is_some() || !is_program(job) {
            return None;
        }
        let machine = job.expect.machine.filter(|_| job.expect.bits == Some(64))?;
        let dir = job.store.dir().ok()?.to_owned();
        let owners = PartOwners::open(settings, job);
        let sources = part_sources::sources(settings, job, &owners);
        if mode != PartsMode::Off {
            NotedLink::add_room(job, &sources, mode, (machine, &dir))?;
        }
        let asked = asked(settings, job, &dir);
        let offered = sources.len();
        Some(NotedLink { owners, sources, offered, layout: dir.join("parts.layout"), asked, mode })
    }

    /// Adds an object with notes of what is offered, for a machine, made in a directory; none where it can't be made.
    fn add_room(
        job: &mut LinkJob,
        sources: &[PartSource],
        mode: PartsMode,
        (machine, dir): (u16, &Path),
    ) -> Option<()> {
        let offered = LinkedParts::offered(sources);
        let offered = if mode == PartsMode::Full { offered.at_most() } else { offered.at_most().shortened() };
        let notes = PartNotes::with_room(&offered, &Map::new());
        let object = note_object::object(machine, &notes)?;
        let place = dir.join("parts.o");
        fs::write(&place, object).inspect_err(|e| log::info!("no notes: {}: {e}", place.display())).ok()?;
        let word = match job.request.inputs.iter().any(|i| i.kind.is_compiled()) {
            // The driver names further files after its inputs.
            true => {
                let mut word = OsString::from("-Wl,");
                word.push(&place);
                word
            }
            false => place.into_os_string(),
        };
        job.plan.argv.insert(0, word);
        Some(())
    }

    /// What makes the compiler's linker say what it takes.
    pub(super) fn words(&self) -> Vec<OsString> {
        match &self.asked {
            Asked::Trace => trace::WORDS.map(OsString::from).into(),
            Asked::Map(file) => {
                let mut word = OsString::from("-Wl,-Map=");
                word.push(file);
                vec![word]
            }
            Asked::Nothing => Vec::new(),
        }
    }

    /// Whether the linker's stdout has a list of ours.
    pub(super) fn is_traced(&self) -> bool {
        self.asked == Asked::Trace
    }

    /// Writes what the linker took into the program, and gives it.
    pub(super) fn settle(
        mut self,
        settings: &Settings,
        job: &LinkJob,
        linked: &LinkedBy,
        listener: &Listener,
    ) -> Option<SettledParts> {
        let output = job.request.output_path();
        if !fs::metadata(output).is_ok_and(|m| m.is_file()) {
            return None;
        }
        let placed = match linked {
            LinkedBy::BuiltIn => of_layout(&self.layout),
            _ => match &self.asked {
                Asked::Trace => Some(trace::placed(listener.answered())),
                Asked::Map(file) => fs::read(file)
                    .ok()
                    .map(|text| map::placed(&String::from_utf8_lossy(&text), |name| !Path::new(name).exists())),
                Asked::Nothing => placed_by_symbols::placed(job, &self.sources),
            },
        };
        let mut unlinked = Vec::new();
        let parts = match placed.filter(|p| !p.inputs.is_empty()) {
            Some(placed) => {
                let placed = placed.renamed(|path| self.owners.paths.of(path));
                self.add_unknown(settings, job, &placed);
                let taken = paths(&placed);
                self.add_digests(job, Some(&taken));
                let left =
                    self.sources.iter().filter(|s| !s.places.iter().any(|place| taken.contains(place.as_os_str())));
                unlinked.extend(left.map(|source| source.file.clone()));
                let hardening = |input: &_, source: &_| hardening_of(settings, job, input, source);
                let mut linked = LinkedParts::linked(&self.sources, &placed, hardening);
                linked.exact &= !job.request.has(Role::Lto);
                linked
            }
            None => {
                self.add_digests(job, None);
                LinkedParts::offered(&self.sources)
            }
        };
        let written = if self.mode == PartsMode::Full { parts.clone() } else { parts.shortened() };
        if let Err(why) = Some(&written).filter(|_| self.mode != PartsMode::Off).map_or(Ok(()), |w| write(output, w)) {
            log::info!("`{}` names what was offered: {why}", output.display());
            // The room is filled with numbers that nothing has.
            let offered = LinkedParts::offered(self.sources.get(..self.offered).unwrap_or_default()).uncounted();
            if let Err(why) = write(output, &offered) {
                log::info!("`{}` has no parts: {why}", output.display());
            }
        }
        let placed = settings.size.as_ref().and_then(|_| self.placed_sections(linked));
        let link = SizedLink { placed, compiled: !parts.exact, sources: &self.sources, unlinked: &unlinked };
        let sizes = size_link::keep(settings, job, &link);
        Some(SettledParts { parts, unlinked, sizes })
    }

    /// Where the linker put the sections of the inputs, as far as it said so.
    fn placed_sections(&self, linked: &LinkedBy) -> Option<Vec<PlacedSection>> {
        match (linked, &self.asked) {
            (LinkedBy::BuiltIn, _) => sections_of_layout(&self.layout),
            (_, Asked::Map(file)) => Some(map::sections(&String::from_utf8_lossy(&fs::read(file).ok()?))),
            _ => None,
        }
    }

    /// Adds the digests of files: of those of no package, and of all that have no build ID if so wanted. `taken` are those of
    /// which something was taken, if that is known.
    fn add_digests(&mut self, job: &LinkJob, taken: Option<&HashSet<&OsStr>>) {
        let all = self.mode == PartsMode::Full;
        let mut left = if all { u64::MAX } else { HASHED };
        for source in self.sources.iter_mut().filter(|s| !s.own && (s.purl.is_none() || all && s.build_id.is_none())) {
            if taken.is_none_or(|taken| source.places.iter().any(|place| taken.contains(place.as_os_str()))) {
                let hashed = |bytes: &[u8]| {
                    left = left.checked_sub(bytes.len() as u64)?;
                    Some(Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect())
                };
                source.sha256 = job.resolution.path.files.look(&source.file, hashed).flatten();
            }
        }
    }

    /// Adds the copies of archives that were made for this link, which have their names, behind a number.
    fn add_copies(&mut self, job: &LinkJob, placed: &PlacedInputs) {
        let Some(dir) = job.store.made_dir().map(|dir| self.owners.paths.of(dir)) else { return };
        let mut copies: Vec<&Path> = paths(placed).into_iter().map(Path::new).filter(|p| p.starts_with(&dir)).collect();
        copies.sort();
        for copy in copies {
            let name = copy.file_name().unwrap_or_default().to_string_lossy();
            let original = name.strip_suffix(archive::ENDING).unwrap_or(&name);
            let is_original = |source: &&mut PartSource| source.file.file_name().is_some_and(|n| n == original);
            if let Some(source) =
                self.sources.iter_mut().find(is_original).filter(|s| !s.places.iter().any(|p| p == copy))
            {
                source.places.push(copy.to_owned());
            }
        }
    }

    /// Adds files that nobody offered: those of linker scripts and of other front ends.
    fn add_unknown(&mut self, settings: &Settings, job: &LinkJob, placed: &PlacedInputs) {
        self.add_copies(job, placed);
        let known: HashSet<&OsStr> = self.sources.iter().flat_map(|s| &s.places).map(|p| p.as_os_str()).collect();
        let mut files: Vec<PathBuf> =
            paths(placed).into_iter().filter(|path| !known.contains(path)).map(PathBuf::from).collect();
        files.sort();
        let owners = self.owners.of(settings, &files);
        for (file, purl) in files.into_iter().zip(owners) {
            self.sources.push(self.owners.plain(file, purl));
        }
    }
}

/// Whether a link makes a program of a system, by the system's layout.
fn is_program(job: &LinkJob) -> bool {
    let request = &job.request;
    let other = |item: &Item| match item {
        Item::Word { text, .. } => {
            let word = text.to_string_lossy();
            OTHER_OUTPUTS.contains(&word.as_ref())
                || word.starts_with("-T")
                || word.starts_with("--script")
                || word.starts_with("--oformat=")
        }
        Item::Arg(_) => false,
    };
    let scripted = request.has(Role::LinkerScript) || ld_options::split(&request.args).iter().any(other);
    !request.dry_run && !scripted && !is_probe(request.output_path()) && job.problem.is_none()
}

fn asked(settings: &Settings, job: &LinkJob, dir: &Path) -> Asked {
    let words = ld_options::split(&job.request.args);
    let prints = words.iter().any(|item| match item {
        Item::Word { text, .. } => {
            PRINTING.iter().any(|p| text == p || text.to_string_lossy().starts_with(&format!("{p}=")))
        }
        Item::Arg(_) => false,
    });
    if prints || job.facts.family == Family::Zig {
        return Asked::Nothing;
    }
    match links_with(settings, &job.request, &job.facts, &TRACING) {
        true if settings.parts == PartsMode::Full || settings.size.is_some() => Asked::Map(dir.join("parts.map")),
        true => Asked::Trace,
        false => Asked::Nothing,
    }
}

/// The files of which something was taken, each once, in no order.
fn paths(placed: &PlacedInputs) -> HashSet<&OsStr> {
    placed.inputs.iter().map(|input| input.path.as_os_str()).collect()
}

#[cfg(feature = "wild")]
fn of_layout(file: &Path) -> Option<PlacedInputs> {
    crate::parts::wild_layout::placed(&fs::read(file).ok()?).ok()
}

#[cfg(not(feature = "wild"))]
fn of_layout(_: &Path) -> Option<PlacedInputs> {
    None
}

#[cfg(feature = "wild")]
fn sections_of_layout(file: &Path) -> Option<Vec<PlacedSection>> {
    crate::parts::wild_layout::sections(&fs::read(file).ok()?).ok()
}

#[cfg(not(feature = "wild"))]
fn sections_of_layout(_: &Path) -> Option<Vec<PlacedSection>> {
    None
}

/// Writes the parts into the room in a program.
///
/// # Errors
/// There is no room, or the file can't be read or written.
fn write(output: &Path, parts: &LinkedParts) -> Result<(), String> {
    let notes = OutputNotes::read(output).map_err(|e| e.to_string())?;
    let (Some(package), Some(own)) = (&notes.package, &notes.parts) else { return Err("it has no notes".into()) };
    let others = part_notes::packages(&package.content, notes.swapped).into_iter().filter(|o| !o.contains_key(KEY));
    let identity = identity(others);
    let new = PartNotes::of(parts, &identity);
    let room = |notes: &PartNotes| notes.fitted(package.content.len(), own.content.len());
    let fitted = room(&new).or_else(|| room(&PartNotes::of(&parts.uncounted(), &identity)));
    let fitted = fitted.ok_or("the notes have no room for it")?;
    output_notes::overwrite(output, &[(package, &fitted.package), (own, &fitted.parts)]).map_err(|e| e.to_string())
}

/// What the notes of other inputs say of the program. Start files may bring one, which is about the C library.
fn identity(others: impl Iterator<Item = Map<String, Value>>) -> Map<String, Value> {
    let of_libc = |object: &Map<String, Value>| {
        let name = object.get("name").and_then(Value::as_str).unwrap_or_default();
        name.starts_with("glibc") || name.starts_with("musl")
    };
    others.filter(|object| !of_libc(object)).last().unwrap_or_default()
}
