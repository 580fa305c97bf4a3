//! A set of keys that may be larger than memory: what does not fit is sorted into runs on disk.
//!
//! Of a key only a 128-bit hash is kept, so that no key lies on a disk and two keys are never taken for one. The files have no
//! name: they are gone with the set, however the process ends.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read as _, Seek as _, Write as _};

use aws_lc_rs::digest::{SHA256, digest};

#[cfg(test)]
mod tests;

/// How many bytes of hashes are held in memory.
const BOUND: usize = 8 << 20;
/// How many runs lie side by side; more are merged into one, so that reading all of them takes little memory.
const MAX_RUNS: usize = 64;
/// How many bytes of a run are read or written at once.
const BUFFER: usize = 16 << 10;
/// The bytes of a hash.
const WIDTH: usize = size_of::<u128>();

/// The hash that stands for a key.
#[must_use]
pub fn hash(key: &str) -> u128 {
    let digest = digest(&SHA256, key.as_bytes());
    let mut bytes = [0; WIDTH];
    bytes.iter_mut().zip(digest.as_ref()).for_each(|(byte, from)| *byte = *from);
    u128::from_be_bytes(bytes)
}

/// A set of keys.
#[derive(Debug)]
pub struct KeySet {
    fresh: Vec<u128>,
    runs: Vec<File>,
    /// How many hashes are held in memory at most.
    most: usize,
}

impl Default for KeySet {
    fn default() -> Self {
        Self::within(BOUND)
    }
}

impl KeySet {
    /// A set that holds at most so many bytes in memory, but at least one key.
    #[must_use]
    pub const fn within(bytes: usize) -> Self {
        let most = if bytes < WIDTH { 1 } else { bytes / WIDTH };
        Self { fresh: Vec::new(), runs: Vec::new(), most }
    }

    /// Adds a key. Fails where a run cannot be written.
    pub fn insert(&mut self, key: &str) -> io::Result<()> {
        if self.fresh.len() == self.most {
            self.spill()?;
        }
        if self.fresh.len() == self.fresh.capacity() {
            let more = self.fresh.len().clamp(64, self.most.max(64));
            self.fresh.reserve_exact(more.min(self.most - self.fresh.len()));
        }
        self.fresh.push(hash(key));
        Ok(())
    }

    /// The bytes that its hashes take in memory.
    #[must_use]
    pub const fn held_bytes(&self) -> usize {
        self.fresh.capacity() * WIDTH
    }

    /// How many runs lie on disk.
    #[must_use]
    pub const fn n_runs(&self) -> usize {
        self.runs.len()
    }

    /// Its hashes, smallest first, each once.
    pub fn sorted(mut self) -> io::Result<Sorted> {
        sort(&mut self.fresh);
        let files = self.runs.into_iter().map(|file| Ok(Run::Disk(reading(file)?)));
        let memory = std::iter::once(Ok(Run::Memory(self.fresh.into_iter())));
        Sorted::of(files.chain(memory).collect::<io::Result<_>>()?)
    }

    fn spill(&mut self) -> io::Result<()> {
        sort(&mut self.fresh);
        if self.runs.len() == MAX_RUNS {
            let runs = std::mem::take(&mut self.runs).into_iter();
            let runs = runs.map(|file| Ok(Run::Disk(reading(file)?))).collect::<io::Result<_>>()?;
            self.runs.push(write(Sorted::of(runs)?)?);
        }
        self.runs.push(write(self.fresh.drain(..).map(Ok))?);
        Ok(())
    }
}

fn sort(hashes: &mut Vec<u128>) {
    hashes.sort_unstable();
    hashes.dedup();
}

fn write(hashes: impl Iterator<Item = io::Result<u128>>) -> io::Result<File> {
    let mut run = BufWriter::with_capacity(BUFFER, tempfile::tempfile()?);
    for hash in hashes {
        run.write_all(&hash?.to_be_bytes())?;
    }
    run.into_inner().map_err(io::IntoInnerError::into_error)
}

fn reading(mut file: File) -> io::Result<BufReader<File>> {
    file.rewind()?;
    Ok(BufReader::with_capacity(BUFFER, file))
}

/// One sorted stretch of hashes.
#[derive(Debug)]
enum Run {
    Disk(BufReader<File>),
    Memory(std::vec::IntoIter<u128>),
}

impl Run {
    fn next(&mut self) -> io::Result<Option<u128>> {
        let file = match self {
            Self::Memory(hashes) => return Ok(hashes.next()),
            Self::Disk(file) => file,
        };
        let mut bytes = [0; WIDTH];
        match file.read_exact(&mut bytes) {
            Ok(()) => Ok(Some(u128::from_be_bytes(bytes))),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The hashes of a set, smallest first, each once.
#[derive(Debug)]
pub struct Sorted {
    runs: Vec<Run>,
    /// The next hash of every run that has one.
    heads: BinaryHeap<Reverse<(u128, usize)>>,
    last: Option<u128>,
}

impl Sorted {
    fn of(mut runs: Vec<Run>) -> io::Result<Self> {
        let mut heads = BinaryHeap::with_capacity(runs.len());
        for (at, run) in runs.iter_mut().enumerate() {
            heads.extend(run.next()?.map(|hash| Reverse((hash, at))));
        }
        Ok(Self { runs, heads, last: None })
    }

    fn step(&mut self) -> io::Result<Option<u128>> {
        while let Some(Reverse((hash, at))) = self.heads.pop() {
            if let Some(run) = self.runs.get_mut(at) {
                self.heads.extend(run.next()?.map(|hash| Reverse((hash, at))));
            }
            if self.last.replace(hash) != Some(hash) {
                return Ok(Some(hash));
            }
        }
        Ok(None)
    }
}

impl Iterator for Sorted {
    type Item = io::Result<u128>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step().transpose()
    }
}

/// What two sets have to say about each other.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// How many keys the first one has.
    pub first: u64,
    /// The hashes of keys that only the second one has, smallest first; at most so many as were asked for.
    pub only_second: Vec<u128>,
    /// How many more there are.
    pub more: u64,
}

/// Compares two sets; at most `limit` hashes are kept of what only the second one has.
pub fn compare(first: KeySet, second: KeySet, limit: usize) -> io::Result<Compared> {
    let (mut first, mut second) = (first.sorted()?, second.sorted()?);
    let mut compared = Compared::default();
    let (mut one, mut other) = (first.step()?, second.step()?);
    loop {
        match (one, other) {
            (None, None) => return Ok(compared),
            (Some(a), b) if b.is_none_or(|b| a <= b) => {
                compared.first += 1;
                if b == Some(a) {
                    other = second.step()?;
                }
                one = first.step()?;
            }
            (_, b) => {
                match b.filter(|_| compared.only_second.len() < limit) {
                    Some(hash) => compared.only_second.push(hash),
                    None => compared.more += 1,
                }
                other = second.step()?;
            }
        }
    }
}
