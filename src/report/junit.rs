//! Tests in the XML that build servers read: a suite for each domain.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::trial::Trial;

/// The tests as one document.
pub fn junit(trials: &[Trial]) -> std::io::Result<String> {
    let mut domains: Vec<&str> = trials.iter().map(|trial| trial.domain.as_str()).collect();
    domains.dedup();
    let all: Vec<&Trial> = trials.iter().collect();
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let root = numbered(writer.create_element("testsuites").with_attribute(("name", "tieout")), &all);
    root.write_inner_content(|writer| {
        domains.iter().try_for_each(|domain| {
            let own: Vec<&Trial> = trials.iter().filter(|trial| trial.domain == **domain).collect();
            suite(writer, domain, &own)
        })
    })?;
    let xml = String::from_utf8(writer.into_inner()).map_err(std::io::Error::other)?;
    Ok(xml + "\n")
}

type Element<'w> = quick_xml::ElementWriter<'w, Vec<u8>>;

fn numbered<'w>(element: Element<'w>, trials: &[&Trial]) -> Element<'w> {
    let failed = trials.iter().filter(|trial| !trial.passed).count();
    let element = element.with_attribute(("tests", trials.len().to_string().as_str()));
    element.with_attribute(("failures", failed.to_string().as_str())).with_attribute(("errors", "0"))
}

fn suite(writer: &mut Writer<Vec<u8>>, domain: &str, trials: &[&Trial]) -> std::io::Result<()> {
    let element = numbered(writer.create_element("testsuite").with_attribute(("name", domain)), trials);
    element.write_inner_content(|writer| trials.iter().try_for_each(|trial| case(writer, trial)))?;
    Ok(())
}

fn case(writer: &mut Writer<Vec<u8>>, trial: &Trial) -> std::io::Result<()> {
    let name = legal(&trial.name);
    let element = writer.create_element("testcase").with_attribute(("name", name.as_str()));
    let element = element.with_attribute(("classname", trial.domain.as_str()));
    let element = element.with_attribute(("file", legal(&trial.file).as_str()));
    let element = element.with_attribute(("line", trial.line.to_string().as_str()));
    if trial.passed {
        element.write_empty()?;
        return Ok(());
    }
    let reasons: Vec<String> = trial.reasons().iter().map(|reason| legal(reason)).collect();
    element.write_inner_content(|writer| {
        let first = reasons.first().map(String::as_str).unwrap_or_default();
        let failure = writer.create_element("failure").with_attribute(("message", first));
        failure.write_text_content(BytesText::new(&reasons.join("\n")))?;
        Ok(())
    })?;
    Ok(())
}

/// XML cannot hold control characters, not even escaped.
fn legal(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect()
}
