//! What the oracle is asked to do.

const USAGE: &str = "usage: tests/oracle [--nights N] [--seed S] [--tell T] [--world K | --bugs]

  --nights N  play worlds until this many nights were judged (default: 500)
  --seed S    which worlds (default: 1)
  --tell T    how many of the worlds that go wrong are told about (default: 5)
  --world K   play one world alone and tell everything about it
  --bugs      put mistakes into tieout, one by one, and see that each is noticed";

pub(crate) struct Args {
    pub(crate) nights: usize,
    pub(crate) seed: u64,
    pub(crate) tell: usize,
    pub(crate) world: Option<u64>,
    pub(crate) bugs: bool,
}

impl Args {
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, &'static str> {
        let mut args = Self { nights: 500, seed: 1, tell: 5, world: None, bugs: false };
        while let Some(word) = words.next() {
            if word == "--bugs" {
                args.bugs = true;
                continue;
            }
            let number = words.next().and_then(|text| text.parse::<u64>().ok()).ok_or(USAGE)?;
            match word.as_str() {
                "--nights" => args.nights = usize::try_from(number).map_err(|_| USAGE)?,
                "--tell" => args.tell = usize::try_from(number).map_err(|_| USAGE)?,
                "--seed" => args.seed = number,
                "--world" => args.world = Some(number),
                _ => return Err(USAGE),
            }
        }
        Ok(args)
    }
}
