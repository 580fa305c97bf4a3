//! Who asked for a run and in which words, so that a night and a hand can be told apart.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who asked for a run, as far as its process can tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// The daemon, because a schedule said so.
    Schedule,
    /// Somebody at a terminal.
    Manual,
    /// A job of a build server.
    Ci,
    /// A pod of Kubernetes.
    Kubernetes,
    /// A unit of systemd.
    Systemd,
    /// None of these: a line of cron, or another program.
    #[default]
    Script,
}

impl Trigger {
    /// Every trigger.
    const ALL: [Self; 6] =
        [Self::Schedule, Self::Manual, Self::Ci, Self::Kubernetes, Self::Systemd, Self::Script];

    /// The trigger of a stored word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|trigger| trigger.as_str() == word)
    }

    /// The word used in columns and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Manual => "manual",
            Self::Ci => "ci",
            Self::Kubernetes => "kubernetes",
            Self::Systemd => "systemd",
            Self::Script => "script",
        }
    }
}

/// The arguments that were given, on the command line or by their variables, each by its name.
pub type CallArgs = BTreeMap<String, Said>;

/// What an argument was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Said {
    /// A switch.
    Switch(bool),
    /// One value.
    Value(String),
    /// The values of an argument that may be given several times.
    Values(Vec<String>),
    /// It was given, and reports do not keep what.
    Withheld,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trigger_is_the_same_word_in_columns_and_in_reports() {
        for trigger in Trigger::ALL {
            assert_eq!(serde_json::to_value(trigger).unwrap(), trigger.as_str());
            assert_eq!(Trigger::from_word(trigger.as_str()), Some(trigger));
        }
        assert_eq!(Trigger::from_word("benchmark"), None);
    }

    #[test]
    fn what_was_said_comes_back_and_what_is_withheld_is_null() {
        let text = r#"{"domains":["shop.*"],"full":true,"key":null,"since":"2d"}"#;
        let args: CallArgs = serde_json::from_str(text).unwrap();
        assert_eq!(args["key"], Said::Withheld);
        assert_eq!(serde_json::to_string(&args).unwrap(), text);
    }
}
