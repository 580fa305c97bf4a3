//! What `tieout test` plays and `tieout record` writes: a provider's answers and the rows of the other side, in files.
//!
//! A test is a first night of a domain: the same walk, judge and plan as a run, on a state store of its own that begins empty, by a
//! clock that stands still. The provider's answers come from files and from nowhere else: its client makes no connection. Nothing
//! here reads a secret, or writes to a state store, database or queue of the configuration.
//!
//! In reading order: what a file holds (`exchange`) and a folder (`fixture`), who answers from it (`player`), the domain as it is
//! played (`staged`), where its events go (`tray`), one night (`play`), what came of it (`outcome`), and what was to come of it
//! (`expected`, `differs`). A recording is a plan of a domain that somebody listens to (`listen`, `recorder`), without what is nobody's
//! business (`redact`, `suspicion`), in files (`record`).

mod exchange;
mod fixture;
mod player;

mod differs;
mod expected;
mod outcome;
mod play;
mod staged;
mod tray;

mod listen;
mod record;
mod recorder;
mod redact;
mod suspicion;
mod tree;

pub use differs::{Difference, differences};
pub use exchange::{Ask, Exchange, Say};
pub use expected::{Kept, NotKept, kept_at, read_kept};
pub use fixture::{About, Fixture, FixtureFault, Recorded};
pub use listen::{Listening, listen, rows};
pub use outcome::{FoundFinding, Outcome};
pub use play::{Blank, NotPlayed, Scene, play};
pub use player::Player;
pub use record::{Hidden, NotRecordable, Recording, recording};
pub use recorder::{Heard, Recorder};
pub use redact::{Left, Taken};
pub use staged::{Stage, Staged};
pub(crate) use suspicion::holds_secret;
