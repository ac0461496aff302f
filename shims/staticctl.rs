//! `staticctl`: everything that is not a compiler call.

fn main() -> std::process::ExitCode {
    staticcxx::entry::staticctl_main()
}
