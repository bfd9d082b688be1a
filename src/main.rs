//! The command line. It parses, shows progress and prints; everything it does is one call of the
//! library.

mod cli;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::Cli::parse().execute() {
        Ok(code) => code,
        Err(error) => {
            cli::line(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}
