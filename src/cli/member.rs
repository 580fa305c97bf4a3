//! Which member of a fan-out a command looks at: the one that was named, else the first.

use tieout_reconcilers::define::words;
use tieout_reconcilers::fan_out::{FanOut, Member, Parents};
use tieout_reconcilers::instant::Instant;

use super::failure::Failure;
use crate::coverage;
use crate::report::exit;
use crate::source::{Client, first_member};

/// The code of a fan-out without members.
pub(super) const NOBODY: &str = "no_members";

/// How many members an error lists.
const LISTED: usize = 20;

/// A value of the wanted member, written `NAME=VALUE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberValue {
    /// What it is called: the NAME of `{each.NAME}`.
    pub name: String,
    /// The value.
    pub value: String,
}

impl std::str::FromStr for MemberValue {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() && !value.is_empty() => {
                Ok(Self { name: name.to_owned(), value: value.to_owned() })
            }
            _ => Err("expected NAME=VALUE, as in repo=acme/web".to_owned()),
        }
    }
}

/// The member that has all the wanted values, else the first one; nothing where the feed is read once. Members that are the
/// items of another feed are read there, unless the wanted values say who is meant.
pub(super) async fn choose(
    client: &Client,
    fan_out: FanOut,
    wanted: &[MemberValue],
    now: Instant,
) -> Result<Option<Member>, Failure> {
    match fan_out {
        FanOut::None if wanted.is_empty() => Ok(None),
        FanOut::None => {
            Err(Failure::usage("no_such_member", "the feed is read once, so `--each` chooses nobody"))
        }
        FanOut::Members(members) => among(&members, wanted).map(Some),
        FanOut::Feed(parents) => of_feed(client, &parents, wanted, now).await.map(Some),
    }
}

fn among(members: &[Member], wanted: &[MemberValue]) -> Result<Member, Failure> {
    let names: Vec<&str> =
        members.iter().flat_map(|member| member.values.keys()).map(AsRef::as_ref).collect();
    known(wanted, &names)?;
    let has = |member: &Member, one: &MemberValue| {
        member.values.get(&*one.name).is_some_and(|own| **own == one.value)
    };
    let found = members.iter().find(|member| wanted.iter().all(|one| has(member, one)));
    found.cloned().ok_or_else(|| {
        let listed: Vec<&str> = members.iter().take(LISTED).map(|member| member.each.as_str()).collect();
        let more = match members.len().saturating_sub(LISTED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let message =
            format!("no member of the feed has these values\nknown members: {}{more}", listed.join(", "));
        Failure::usage("no_such_member", message)
    })
}

async fn of_feed(
    client: &Client,
    parents: &Parents,
    wanted: &[MemberValue],
    now: Instant,
) -> Result<Member, Failure> {
    known(wanted, &[&parents.name])?;
    if let Some(one) = wanted.first() {
        let named = Member::new([(parents.name.clone(), one.value.as_str().into())].into());
        return named.ok_or_else(|| Failure::usage("no_such_member", "the value cannot name a member"));
    }
    let ceiling = coverage::ceiling(now, parents.feed.feed(), parents.feed.policy(), None);
    let first = first_member(client, parents, ceiling).await.map_err(|reason| {
        let code = if reason.is_rejected() { exit::CREDENTIALS } else { exit::FAILED };
        Failure::exiting(
            code,
            "no_member",
            format!("the feed that names the members cannot be read: {reason}"),
        )
    })?;
    first.ok_or_else(|| {
        let message = format!(
            "the feed that names the members is empty, so there is nobody to read the feed for\nname one by `--each {}=VALUE`",
            parents.name
        );
        Failure::failed(NOBODY, message)
    })
}

/// Every wanted value has a name of the fan-out.
fn known(wanted: &[MemberValue], names: &[&str]) -> Result<(), Failure> {
    let Some(stray) = wanted.iter().find(|one| !names.contains(&one.name.as_str())) else { return Ok(()) };
    let mut allowed = names.to_vec();
    allowed.sort_unstable();
    allowed.dedup();
    let message = format!(
        "the members of the feed have no value `{}`\n{}",
        stray.name,
        words::advice(&stray.name, &allowed)
    );
    Err(Failure::usage("no_such_member", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members() -> Vec<Member> {
        let member = |account: &str, region: &str| {
            Member::new([("account".into(), account.into()), ("region".into(), region.into())].into())
                .unwrap()
        };
        vec![member("a", "eu"), member("b", "eu"), member("b", "us")]
    }

    fn chosen(wanted: &[&str]) -> Result<String, String> {
        let wanted: Vec<MemberValue> = wanted.iter().map(|text| text.parse().unwrap()).collect();
        let member = among(&members(), &wanted).map_err(|failure| failure.message)?;
        Ok(member.each.as_str().to_owned())
    }

    #[test]
    fn the_first_member_with_all_the_wanted_values_is_chosen() {
        assert_eq!(chosen(&[]), Ok("a:eu".to_owned()));
        assert_eq!(chosen(&["account=b"]), Ok("b:eu".to_owned()));
        assert_eq!(chosen(&["region=us", "account=b"]), Ok("b:us".to_owned()));
    }

    #[test]
    fn a_value_that_nobody_has_names_those_that_there_are() {
        assert_eq!(
            chosen(&["account=c"]).unwrap_err(),
            "no member of the feed has these values\nknown members: a:eu, b:eu, b:us"
        );
        assert_eq!(
            chosen(&["acount=a"]).unwrap_err(),
            "the members of the feed have no value `acount`\ndid you mean `account`? allowed here: `account`, `region`"
        );
        for wrong in ["account", "=a", "account="] {
            assert!(wrong.parse::<MemberValue>().is_err(), "{wrong} was accepted");
        }
    }
}
