//! Which log of ld.so (`LD_DEBUG=files`, ld.so(8)) is of which program of a run.

use std::collections::BTreeMap;

/// What ld.so logged, by the file name of the program that it was loading for.
pub(crate) type LogsByProgram = BTreeMap<String, String>;

/// What ld.so writes once a program's libraries are loaded and their constructors have run.
const STARTS: &str = "\tinitialize program: ";

/// Splits the log of one process at the programs that it executed, one after another. The libraries that a program needs
/// from its start are logged before its name, so they are with the program before it; what it opens is with itself.
pub(crate) fn by_program(log: &str, into: &mut LogsByProgram) {
    let mut name = None;
    for line in log.lines() {
        if let Some((_, program)) = line.split_once(STARTS) {
            name = Some(program.rsplit('/').next().unwrap_or(program).to_owned());
        }
        let text = into.entry(name.clone().unwrap_or_default()).or_default();
        text.push_str(line);
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_executes_another_program_is_two() {
        let log = "1:\tfile=libc.so.6 [0];  needed by sh [0]\n1:\tinitialize program: sh\n1:\ttransferring control: sh\n\
                   1:\tinitialize program: /usr/bin/app\n1:\tfile=/m.so [0];  dynamically loaded by /usr/bin/app [0]\n\
                   1:\tfile=libm.so.6 [0];  needed by /m.so [0]\n";
        let mut logs = LogsByProgram::new();
        by_program(log, &mut logs);
        assert_eq!(logs.keys().collect::<Vec<_>>(), ["", "app", "sh"]);
        assert!(logs["app"].contains("/m.so") && logs["app"].contains("libm.so.6") && !logs["sh"].contains("/m.so"));
    }
}
