//! The tieout binary: parse, load, run, exit code.

fn main() {}
