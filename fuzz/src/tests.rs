//! Every input of the corpus, and every file that is shipped, keeps to every law.

use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// All files below a folder, which is not empty.
fn files(folder: &str) -> Vec<PathBuf> {
    let mut folders = vec![Path::new(ROOT).join(folder)];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    assert!(!files.is_empty(), "{folder} is empty");
    files
}

/// Every prefix of a text is one that a connection may leave behind.
fn hold(check: fn(&[u8]), folders: &[&str]) {
    for path in folders.iter().flat_map(|folder| files(folder)) {
        let bytes = fs::read(&path).unwrap();
        check(&bytes);
        let step = (bytes.len() / 50).max(1);
        (0..bytes.len()).step_by(step).for_each(|end| check(&bytes[..end]));
    }
}

#[test]
fn every_definition_that_is_shipped_or_was_found_is_read_or_refused_with_a_place() {
    hold(super::definition::check, &["corpus/definition", "../reconcilers/stripe", "../reconcilers/github"]);
}

#[test]
fn every_page_that_is_shipped_or_was_found_is_read_alike_twice() {
    hold(
        super::page::check,
        &["corpus/page", "../reconcilers/stripe/fixtures", "../reconcilers/shopify/fixtures"],
    );
}

#[test]
fn every_link_that_was_found_is_found_again() {
    hold(super::link::check, &["corpus/link"]);
}

#[test]
fn every_wish_for_a_pause_that_was_found_is_a_pause() {
    hold(super::retry_after::check, &["corpus/retry_after"]);
}

#[test]
fn every_time_that_was_found_is_written_as_it_was_read() {
    hold(super::time_format::check, &["corpus/time_format"]);
}
