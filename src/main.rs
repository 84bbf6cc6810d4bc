//! The `dbtune` command. All it does is call the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    dbtune::cli::main()
}
