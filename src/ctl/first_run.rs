//! The first run of a converted program: original and result with `--version` and `--help`, before the result is written.
//! Both see the whole file system, which nobody can write to, at the original's place, and no network, in namespaces of
//! their own and without privileges. Where a machine refuses those, nothing is run.

use super::output::{Reported, report_error_as};
use super::printed::{last_words, printed};
use crate::message;
use crate::options::exit_codes::EXIT_NO;
use crate::run::{self, Ended};
use crate::sandbox::root::Root;
use crate::sandbox::{self, JailError, JailOutcome, Trial};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

/// What is asked of a program: nearly all answer one of them and do nothing else.
const QUESTIONS: [&str; 2] = ["--version", "--help"];

/// How long the original may take to answer.
const ORIGINAL: Duration = Duration::from_secs(2);

/// How long either may take to answer what the other one answered.
const RESULT: Duration = Duration::from_secs(10);

/// The status with which ld.so ends where it can't load a program.
const NOT_LOADED: i32 = 127;

/// Variables that lead to services of the session's: a program that answers no question shall not find them.
const OF_THE_SESSION: [&str; 7] = [
    "DBUS_SESSION_BUS_ADDRESS",
    "DISPLAY",
    "DOCKER_HOST",
    "GPG_AGENT_INFO",
    "SSH_AUTH_SOCK",
    "WAYLAND_DISPLAY",
    "XDG_RUNTIME_DIR",
];

/// How original and result were compared.
#[derive(Debug, Default)]
pub(super) struct FirstRun {
    /// Whether they did the same with the user's arguments.
    pub(super) compared: Option<bool>,
    /// The questions that both answer with the same words.
    pub(super) answers: Vec<&'static str>,
    /// What the result says differently, as warnings.
    differences: Vec<String>,
    /// Why the result is not to be written.
    refused: Option<String>,
}

impl FirstRun {
    /// Whether nothing was seen in which the result is not like the original.
    pub(super) fn is_like_the_original(&self) -> bool {
        self.differences.is_empty() && self.refused.is_none()
    }

    /// Says what was seen.
    ///
    /// # Errors
    /// A result that is not to be written.
    pub(super) fn report(&self) -> Result<(), Reported> {
        self.differences.iter().for_each(message::warning);
        let Some(error) = &self.refused else { return Ok(()) };
        let hint = "nothing was written; --no-verify writes it, to be looked at by a debugger";
        Err(report_error_as(EXIT_NO, error, Some(hint.into())))
    }
}

/// How a run went.
struct Answer {
    outcome: JailOutcome,
    output: Vec<u8>,
}

impl Answer {
    /// The status of a program that ended by itself in time, and was not lacking a library.
    fn status(&self) -> Option<i32> {
        match self.outcome.ended {
            Ended::Exited(NOT_LOADED) => None,
            Ended::Exited(status) if !self.outcome.timed_out => Some(status),
            _ => None,
        }
    }

    fn text(&self, limit: Duration) -> String {
        match self.outcome.ended {
            _ if self.outcome.timed_out => format!("does not end within {} s", limit.as_secs()),
            Ended::Exited(status) => format!("ends with status {status}"),
            Ended::Killed(signal) => format!("is ended by signal {signal}"),
        }
    }
}

/// Runs both. A result is refused that crashes, does not end, fails or succeeds where the original does not.
pub(super) fn of(original: &Path, result: &Path, quiet: bool) -> FirstRun {
    compared(original, result).unwrap_or_else(|error| {
        if !quiet {
            message::note(format!("the result was not run: {error}"));
        }
        FirstRun::default()
    })
}

fn compared(original: &Path, result: &Path) -> Result<FirstRun, JailError> {
    let absolute = |path: &Path| path.canonicalize().map_err(|e| JailError::io("a path can't be resolved", &e));
    let (original, result) = (absolute(original)?, absolute(result)?);
    let (mut ran, mut unanswered) = (FirstRun::default(), Vec::new());
    for question in QUESTIONS {
        let before = ask(&original, &original, question, ORIGINAL)?;
        let Some(status) = before.status() else {
            unanswered.push((question, before));
            continue;
        };
        let after = ask(&original, &result, question, RESULT)?;
        let name = original.file_name().unwrap_or_default().to_string_lossy();
        match after.status() {
            Some(other) if (other == 0) == (status == 0) => {
                if other != status {
                    let text =
                        format!("`{name} {question}` ends with status {other}, the original with status {status}");
                    ran.differences.push(text);
                    continue;
                }
            }
            _ => return Ok(ran.refusing(&original, question, (&after, RESULT), (&before, ORIGINAL))),
        }
        if after.output == before.output {
            ran.answers.push(question);
        } else if ask(&original, &original, question, ORIGINAL)?.output == before.output {
            ran.differences.push(format!("`{name} {question}` prints something else than the original does"));
        }
    }
    // It does something else than to answer: it shall not end in the time in which the original does not.
    if unanswered.len() == QUESTIONS.len()
        && let Some((question, before)) = unanswered.iter().find(|(_, before)| before.outcome.timed_out)
    {
        let after = ask(&original, &result, question, ORIGINAL)?;
        if let Ended::Killed(_) = after.outcome.ended
            && !after.outcome.timed_out
        {
            return Ok(ran.refusing(&original, question, (&after, ORIGINAL), (before, ORIGINAL)));
        }
        // The original may have been slow, its files being read from a disk for the first time.
        if let Some(status) = after.status() {
            let again = ask(&original, &original, question, RESULT)?;
            if again.status() != Some(status) {
                return Ok(ran.refusing(&original, question, (&after, ORIGINAL), (&again, RESULT)));
            }
        }
    }
    Ok(ran)
}

impl FirstRun {
    fn refusing(
        mut self,
        original: &Path,
        question: &str,
        (after, limit): (&Answer, Duration),
        (before, given): (&Answer, Duration),
    ) -> FirstRun {
        let name = original.file_name().unwrap_or_default().to_string_lossy();
        let last = last_words(&after.output);
        self.refused = Some(format!(
            "the result is not like the original: `{name} {question}` {}{last}, the original {}",
            after.text(limit),
            before.text(given)
        ));
        self
    }
}

/// Runs `program` at the original's place.
fn ask(original: &Path, program: &Path, question: &str, limit: Duration) -> Result<Answer, JailError> {
    let mut output = tempfile::tempfile().map_err(|e| JailError::io("no temporary file can be made", &e))?;
    let argv: Vec<OsString> = vec![original.into(), question.into()];
    let of_session = |name: &OsString| OF_THE_SESSION.iter().any(|n| name == *n);
    let environment: Vec<_> = run::environment().into_iter().filter(|(name, _)| !of_session(name)).collect();
    let here = std::env::current_dir().ok();
    // Sockets of services are there.
    let without: &[&str] = if original.starts_with("/run") { &[] } else { &["run"] };
    let outcome = sandbox::run_trial(&Trial {
        root: Root {
            base: Some(Path::new("/")),
            without,
            instead: Some((original, program)),
            dev: true,
            proc: true,
            ..Root::default()
        },
        program: original.as_os_str().as_bytes(),
        argv: &argv,
        environment: &environment,
        host_network: false,
        trace: false,
        watch: Some(limit),
        output: Some(&output),
        directory: here.as_deref(),
    })?;
    // A program that prints without end has answered nothing.
    let output = printed(&mut output).map_err(|e| JailError::io("its output can't be read", &e))?;
    Ok(Answer { outcome, output })
}
