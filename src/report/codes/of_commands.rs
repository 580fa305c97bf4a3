//! Why a command ended without a result, by what was in its way.

mod calls;
mod names;
mod settings;
mod standing;
mod reading;
mod writing;
mod machine;

use super::Code;
use calls::OF_CALLS;
use machine::OF_THE_MACHINE;
use names::OF_NAMES;
use reading::OF_READING;
use settings::OF_SETTINGS;
use standing::OF_STANDING;
use writing::OF_WRITING;

/// All of them.
pub(super) const OF_COMMANDS: &[&[Code]] =
    &[OF_CALLS, OF_NAMES, OF_SETTINGS, OF_STANDING, OF_READING, OF_WRITING, OF_THE_MACHINE];
