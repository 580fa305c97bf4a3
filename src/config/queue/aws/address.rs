//! Where AWS answers.

use tieout_reconcilers::define::checked::{Fault, FromText};
use url::{Host, Url};

use super::name::Region;

/// The address of a queue of SQS, as AWS shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueUrl(Url);

/// Where a service answers, if not where the SDK thinks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint(pub(super) String);

impl FromText for Endpoint {
    const WHAT: &'static str = "address";

    fn from_text(text: &str) -> Result<Self, Fault> {
        let help = "write the address of the service alone, such as `https://vpce-0123.sqs.eu-west-1.vpce.amazonaws.com`";
        match safe(text, help)? {
            url if url.path() == "/" => Ok(Self(url.origin().ascii_serialization())),
            _ => Err(Fault::new("this is not the address of a service").with_help(help)),
        }
    }
}

impl FromText for QueueUrl {
    const WHAT: &'static str = "address";
    const EXAMPLES: &'static [&'static str] = &["https://sqs.eu-west-1.amazonaws.com/123456789012/billing"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        let help = "write it as `aws sqs get-queue-url` does: `https://sqs.eu-west-1.amazonaws.com/123456789012/billing`";
        let url = safe(text, help)?;
        let mut parts = url.path_segments().into_iter().flatten().rev();
        let (name, account) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let base = name.strip_suffix(".fifo").unwrap_or(name);
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let is_account = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
        if is_account && !base.is_empty() && name.len() <= 80 && base.chars().all(is_name) {
            return Ok(Self(url));
        }
        Err(Fault::new("this is not the address of a queue of SQS").with_help(help))
    }
}

/// An address that holds no secret, and to which nothing goes that others can read.
fn safe(text: &str, help: &str) -> Result<Url, Fault> {
    let no_address = || Fault::new("this is not an address").with_help(help);
    let url = Url::parse(text).map_err(|_| no_address())?;
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => return Err(no_address()),
    };
    let has_login = !url.username().is_empty() || url.password().is_some();
    if has_login || url.query().is_some() || url.fragment().is_some() {
        return Err(Fault::new("the address may hold a secret").with_help(
            "write it without user, password, query and fragment; keys are `access_key_id` and `secret_access_key`",
        ));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_here => Ok(url),
        "http" => Err(Fault::new("plain HTTP does not leave this machine").with_help("write `https://`")),
        _ => Err(no_address()),
    }
}

impl QueueUrl {
    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The parts of a host of AWS before its domain.
    fn labels(&self) -> Vec<&str> {
        let host = self.0.host_str().unwrap_or_default();
        let domains = [".amazonaws.com", ".amazonaws.com.cn", ".api.aws"];
        let before = domains.iter().find_map(|domain| host.strip_suffix(domain));
        before.map_or_else(Vec::new, |before| before.split('.').collect())
    }

    /// The region that its host names.
    pub(super) fn region(&self) -> Option<Region> {
        let region = match self.labels()[..] {
            ["queue"] => "us-east-1",
            ["sqs" | "sqs-fips", region] | [region, "queue"] | [_, "sqs", region, "vpce"] => region,
            _ => return None,
        };
        Region::from_text(region).ok()
    }

    /// Where its host is asked, unless that is where the SDK asks anyway.
    pub(super) fn endpoint(&self) -> Option<String> {
        let is_usual = matches!(self.labels()[..], ["queue"] | ["sqs", _] | [_, "queue"]);
        let is_dual = self.0.host_str().is_some_and(|host| host.ends_with(".api.aws"));
        (!is_usual || is_dual).then(|| self.0.origin().ascii_serialization())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Option<String>, Option<String>) {
        let url = QueueUrl::from_text(text).unwrap();
        (url.region().map(|region| region.to_string()), url.endpoint())
    }

    #[test]
    fn the_address_of_a_queue_says_its_region_and_where_it_answers() {
        let of =
            |region: &str, endpoint: Option<&str>| (Some(region.to_owned()), endpoint.map(str::to_owned));
        let path = "123456789012/billing";
        for (host, expected) in [
            ("https://sqs.eu-west-1.amazonaws.com", of("eu-west-1", None)),
            ("https://sqs.cn-north-1.amazonaws.com.cn", of("cn-north-1", None)),
            ("https://eu-west-1.queue.amazonaws.com", of("eu-west-1", None)),
            ("https://queue.amazonaws.com", of("us-east-1", None)),
            (
                "https://sqs-fips.us-gov-west-1.amazonaws.com",
                of("us-gov-west-1", Some("https://sqs-fips.us-gov-west-1.amazonaws.com")),
            ),
            ("https://sqs.eu-west-1.api.aws", of("eu-west-1", Some("https://sqs.eu-west-1.api.aws"))),
            (
                "https://vpce-0123.sqs.eu-west-1.vpce.amazonaws.com",
                of("eu-west-1", Some("https://vpce-0123.sqs.eu-west-1.vpce.amazonaws.com")),
            ),
            ("http://127.0.0.1:5000", (None, Some("http://127.0.0.1:5000".to_owned()))),
            ("https://sqs.example.com:8443", (None, Some("https://sqs.example.com:8443".to_owned()))),
        ] {
            assert_eq!(read(&format!("{host}/{path}")), expected, "{host}");
        }
    }

    #[test]
    fn what_is_no_address_of_a_queue_is_refused_and_secrets_are_not_repeated() {
        for bad in [
            "https://sqs.eu-west-1.amazonaws.com",
            "https://sqs.eu-west-1.amazonaws.com/billing",
            "https://sqs.eu-west-1.amazonaws.com/1234/billing",
            "https://sqs.eu-west-1.amazonaws.com/123456789012/bil ling",
            "https://sqs.eu-west-1.amazonaws.com/123456789012/.fifo",
            "https://me:hunter2@sqs.eu-west-1.amazonaws.com/123456789012/billing",
            "https://sqs.eu-west-1.amazonaws.com/123456789012/billing?key=hunter2",
            "http://sqs.eu-west-1.amazonaws.com/123456789012/billing",
            "arn:aws:sqs:eu-west-1:123456789012:billing",
            "billing",
        ] {
            let fault = format!("{:?}", QueueUrl::from_text(bad).unwrap_err());
            assert!(!fault.contains("hunter2"), "{fault}");
        }
        for bad in ["https://sqs.example.com/path", "http://10.0.0.1:5000", "sqs.example.com", "file:///a"] {
            assert!(Endpoint::from_text(bad).is_err(), "{bad}");
        }
        assert_eq!(Endpoint::from_text("http://[::1]:5000/").unwrap().0, "http://[::1]:5000");
    }
}
