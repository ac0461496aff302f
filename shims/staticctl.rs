//! `staticctl`: everything that is not a compiler call.

fn main() -> std::process::ExitCode {
    staticcxx::ctl::main()
}
