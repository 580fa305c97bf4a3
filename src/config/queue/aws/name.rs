//! How AWS names what events are sent to.

use std::fmt;

use tieout_reconcilers::define::checked::{Fault, FromText};

/// A region, such as `eu-west-1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region(String);

/// The name of a topic in the whole of AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicArn {
    text: String,
    region: Region,
}

/// A bus by its name in a region, or by that in the whole of AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bus {
    text: String,
    region: Option<Region>,
}

/// What EventBridge calls the source of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source(pub(super) String);

impl TopicArn {
    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The region that it names.
    #[must_use]
    pub fn region(&self) -> Region {
        self.region.clone()
    }
}

impl Bus {
    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The region that it names, if it does.
    #[must_use]
    pub fn region(&self) -> Option<Region> {
        self.region.clone()
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromText for Region {
    const WHAT: &'static str = "region";
    const EXAMPLES: &'static [&'static str] = &["eu-west-1"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        let parts: Vec<&str> = text.split('-').collect();
        let is_word = |word: &&str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
        let is_region = match parts.split_last() {
            Some((number, words)) => {
                words.len() >= 2
                    && words.iter().all(is_word)
                    && !number.is_empty()
                    && number.bytes().all(|b| b.is_ascii_digit())
            }
            None => false,
        };
        if is_region {
            return Ok(Self(text.to_owned()));
        }
        Err(Fault::new("this is not a region of AWS").with_help("write it as AWS does, such as `eu-west-1`"))
    }
}

impl FromText for TopicArn {
    const WHAT: &'static str = "ARN";
    const EXAMPLES: &'static [&'static str] = &["arn:aws:sns:eu-west-1:123456789012:billing"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        let topic = arn(text, "sns").filter(|(_, name)| {
            let name = name.strip_suffix(".fifo").unwrap_or(name);
            !name.is_empty() && name.len() <= 256 && is_name(name)
        });
        match topic {
            Some((region, _)) => Ok(Self { text: text.to_owned(), region }),
            None => Err(Fault::new("this is not the ARN of a topic of SNS")
                .with_help("write it as AWS shows it, such as `arn:aws:sns:eu-west-1:123456789012:billing`")),
        }
    }
}

impl FromText for Bus {
    const WHAT: &'static str = "name or ARN";

    fn from_text(text: &str) -> Result<Self, Fault> {
        let help = "write its name, such as `billing`, or its ARN: `arn:aws:events:eu-west-1:123456789012:event-bus/billing`";
        let is_bus = |name: &str| {
            (1..=256).contains(&name.len()) && name.split('/').all(|part| is_name(&part.replace('.', "-")))
        };
        let (region, is_known) = if text.starts_with("arn:") {
            let arn = arn(text, "events");
            let is_known =
                arn.as_ref().is_some_and(|(_, name)| name.strip_prefix("event-bus/").is_some_and(is_bus));
            (arn.map(|(region, _)| region), is_known)
        } else {
            (None, is_bus(text))
        };
        if is_known {
            return Ok(Self { text: text.to_owned(), region });
        }
        Err(Fault::new("this is not an event bus of EventBridge").with_help(help))
    }
}

impl FromText for Source {
    const WHAT: &'static str = "source";

    fn from_text(text: &str) -> Result<Self, Fault> {
        if text.is_empty() || text.len() > 256 {
            return Err(Fault::new("a source of EventBridge has between 1 and 256 bytes"));
        }
        if text.starts_with("aws.") {
            return Err(Fault::new("sources that begin with `aws.` are those of AWS itself")
                .with_help("write one of your own, such as `com.example.billing`"));
        }
        Ok(Self(text.to_owned()))
    }
}

/// The region and the last part of a name of some service.
fn arn<'t>(text: &'t str, of: &str) -> Option<(Region, &'t str)> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let ["arn", partition, service, region, account, name] = parts[..] else { return None };
    let is_account = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    let is_known = (partition == "aws" || partition.starts_with("aws-")) && service == of && is_account;
    let region = Region::from_text(region).ok().filter(|_| is_known)?;
    Some((region, name))
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_known_by_their_form() {
        for good in ["eu-west-1", "us-gov-west-1", "ap-southeast-2", "eusc-de-east-1", "us-isob-east-1"] {
            assert!(Region::from_text(good).is_ok(), "{good}");
        }
        for bad in ["", "eu", "eu-west", "EU-WEST-1", "eu-west-1 ", "west-1", "eu--1", "eu-west-a1"] {
            assert!(Region::from_text(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_topic_is_named_by_its_arn_alone() {
        let topic = |text: &str| TopicArn::from_text(text).map(|topic| topic.region().to_string());
        assert_eq!(topic("arn:aws:sns:eu-west-1:123456789012:billing.fifo"), Ok("eu-west-1".to_owned()));
        assert_eq!(topic("arn:aws-cn:sns:cn-north-1:123456789012:billing"), Ok("cn-north-1".to_owned()));
        for bad in [
            "billing",
            "arn:aws:sqs:eu-west-1:123456789012:billing",
            "arn:aws:sns:eu-west-1:12345:billing",
            "arn:aws:sns:eu:123456789012:billing",
            "arn:aws:sns:eu-west-1:123456789012:",
            "arn:aws:sns:eu-west-1:123456789012:.fifo",
            "arn:aws:sns:eu-west-1:123456789012:billing:0123-subscription",
            "arn:azure:sns:eu-west-1:123456789012:billing",
        ] {
            assert!(topic(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_bus_is_named_by_its_name_or_its_arn() {
        let bus = |text: &str| Bus::from_text(text).map(|bus| bus.region().map(|region| region.to_string()));
        assert_eq!(bus("default"), Ok(None));
        assert_eq!(bus("aws.partner/example.com/billing"), Ok(None));
        let arn = "arn:aws:events:eu-west-1:123456789012:event-bus/billing";
        assert_eq!(bus(arn), Ok(Some("eu-west-1".to_owned())));
        for bad in ["", "a b", "a//b", "arn:aws:events:eu-west-1:123456789012:rule/billing", "arn:aws:events"]
        {
            assert!(bus(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_source_is_no_source_of_aws() {
        assert!(Source::from_text("com.example.billing").is_ok());
        for bad in ["", "aws.s3", &"x".repeat(257)] {
            assert!(Source::from_text(bad).is_err(), "{bad}");
        }
    }
}
