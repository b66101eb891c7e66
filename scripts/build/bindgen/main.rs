//! wasm-bindgen for the build of a Worker: its library behind the options of the official program that the build uses. The official
//! program has a server, a test runner and a parser of options beside it, and takes several times as long to compile.

use std::env;
use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

/// The version of the library: Cargo.toml asks for exactly that of this package.
const VERSION: &str = env!("CARGO_PKG_VERSION");

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Carries out one command line. An option that is not known here is an error, not a different result.
fn run(arguments: &[String]) -> Result<(), String> {
    if arguments == ["--version"] {
        println!("wasm-bindgen {VERSION}");
        return Ok(());
    }
    let text = |error| format!("{error:#}");
    let mut bindgen = Bindgen::new();
    let mut folder = None;
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let mut value = || rest.next().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--target" if value()? == "module" => bindgen.module(true).map_err(text)?,
            "--out-name" => bindgen.out_name(value()?),
            "--no-typescript" => bindgen.typescript(false),
            "--no-demangle" => bindgen.demangle(false),
            "--remove-name-section" => bindgen.remove_name_section(true),
            "--experimental-reset-state-function" => bindgen.reset_state_function(true),
            "--force-enable-abort-handler" => bindgen.force_enable_abort_handler(true),
            "--out-dir" => {
                folder = Some(value()?);
                &mut bindgen
            }
            input if !input.starts_with('-') => bindgen.input_path(input),
            _ => return Err(format!("{argument} is not known to this build of wasm-bindgen")),
        };
    }
    let folder = folder.ok_or("--out-dir is missing")?;
    bindgen.generate(folder).map_err(text)
}
