#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| mcp_connector::fuzzing::run("foreign_token", input));
