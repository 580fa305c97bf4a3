//! From a CronJob to a Job that nobody scheduled. Pure: JSON in, JSON out.
//!
//! As `kubectl create job --from=cronjob/NAME` makes it, with three differences: the arguments are others, the name is left to the API
//! server, and the CronJob does not own it, so that its history limits do not take it away before somebody has read it.

use serde_json::{Map, Value, json};

/// What is to be made of a CronJob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ask {
    /// The arguments of the container.
    pub(super) args: Vec<String>,
    /// The container, where there is a choice.
    pub(super) container: Option<String>,
    /// Whether several pods may do it together.
    pub(super) shared: bool,
}

/// Why there is no Job.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unusable {
    #[error(
        "this is no JSON ({why}); pipe it in: kubectl get cronjob NAME -o json | tieout generate k8s-job -- run"
    )]
    NoJson { why: String },
    #[error("nothing came; pipe it in: kubectl get cronjob NAME -o json | tieout generate k8s-job -- run")]
    Empty,
    #[error("this is a {kind} of {version}, and not a CronJob of batch/v1")]
    OtherKind { kind: String, version: String },
    #[error("this is a list of {}; name one CronJob: kubectl get cronjob NAME -o json", listed(.names))]
    List { names: Vec<String> },
    #[error("this CronJob has no {0}, so it is not as an API server keeps it")]
    Lacks(&'static str),
    #[error("the pod has the containers {}; name the one that gets the arguments: --container NAME", listed(.names))]
    Which { names: Vec<String> },
    #[error(
        "the container `{container}` starts `{command}` and not tieout itself, so other arguments would mean something else; its image's entrypoint is tieout: leave `command` out of the CronJob"
    )]
    Wrapped { container: String, command: String },
}

/// The longest start of a name: the API server adds five letters, and an Indexed Job adds a dash and the number of a pod, within 63.
const LONGEST_START: usize = 52;

/// The Job that does what is asked with the pod of a CronJob, which is given as JSON.
pub(super) fn adhoc_job(text: &str, ask: &Ask) -> Result<Value, Unusable> {
    let cronjob = parsed(text)?;
    let name = text_at(&cronjob, "/metadata/name").ok_or(Unusable::Lacks("metadata.name"))?;
    let template = cronjob.pointer("/spec/jobTemplate").ok_or(Unusable::Lacks("spec.jobTemplate"))?;
    let mut spec = template.get("spec").cloned().ok_or(Unusable::Lacks("spec.jobTemplate.spec"))?;
    call(&mut spec, ask)?;
    if !ask.shared {
        one_pod(&mut spec);
    }
    let start: String = format!("{name}-adhoc").chars().take(LONGEST_START - 1).collect();
    let mut metadata = json!({
        "generateName": format!("{}-", start.trim_end_matches(['-', '.'])),
        "annotations": { "cronjob.kubernetes.io/instantiate": "manual" },
    });
    if let Some(namespace) = text_at(&cronjob, "/metadata/namespace") {
        metadata["namespace"] = namespace.into();
    }
    for part in ["labels", "annotations"] {
        inherit(&mut metadata, part, template.pointer(&format!("/metadata/{part}")));
    }
    Ok(json!({ "apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec }))
}

fn parsed(text: &str) -> Result<Value, Unusable> {
    if text.trim().is_empty() {
        return Err(Unusable::Empty);
    }
    let document: Value =
        serde_json::from_str(text).map_err(|error| Unusable::NoJson { why: error.to_string() })?;
    let said = |at: &str| text_at(&document, at).unwrap_or("?").to_owned();
    let (kind, version) = (said("/kind"), said("/apiVersion"));
    match (kind.as_str(), version.as_str()) {
        ("CronJob", "batch/v1") => Ok(document),
        ("List" | "CronJobList", _) => Err(Unusable::List { names: names(document.get("items")) }),
        _ => Err(Unusable::OtherKind { kind, version }),
    }
}

/// Gives the container its arguments.
fn call(spec: &mut Value, ask: &Ask) -> Result<(), Unusable> {
    let lacks = Unusable::Lacks("spec.jobTemplate.spec.template.spec.containers");
    let containers = spec.pointer_mut("/template/spec/containers").and_then(Value::as_array_mut);
    let containers = containers.filter(|containers| !containers.is_empty()).ok_or(lacks)?;
    let names: Vec<String> =
        containers.iter().filter_map(|c| text_at(c, "/name").map(str::to_owned)).collect();
    let wanted = ask.container.as_deref().unwrap_or("tieout");
    let at = match names.iter().position(|name| name == wanted) {
        None if ask.container.is_none() && containers.len() == 1 => 0,
        None => return Err(Unusable::Which { names }),
        Some(at) => at,
    };
    let container = containers[at].as_object_mut().ok_or(Unusable::Lacks("container"))?;
    unwrapped(container)?;
    container.insert("args".into(), json!(ask.args));
    Ok(())
}

/// Leaves of a container's own command the program alone, which must be tieout.
fn unwrapped(container: &mut Map<String, Value>) -> Result<(), Unusable> {
    let Some(words) = container.get("command").and_then(Value::as_array).filter(|words| !words.is_empty())
    else {
        return Ok(());
    };
    let program = words[0].as_str().unwrap_or_default().to_owned();
    if program.rsplit('/').next() != Some("tieout") {
        let container = container.get("name").and_then(Value::as_str).unwrap_or("?").to_owned();
        return Err(Unusable::Wrapped { container, command: program });
    }
    container.insert("command".into(), json!([program]));
    Ok(())
}

/// Makes an Indexed Job one with a single pod.
fn one_pod(spec: &mut Value) {
    let Some(spec) = spec.as_object_mut() else { return };
    for part in [
        "completionMode",
        "completions",
        "parallelism",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
        "successPolicy",
    ] {
        spec.remove(part);
    }
    let rules = spec
        .get_mut("podFailurePolicy")
        .and_then(|policy| policy.get_mut("rules"))
        .and_then(Value::as_array_mut);
    for rule in rules.into_iter().flatten() {
        if rule["action"] == "FailIndex" {
            rule["action"] = "FailJob".into();
        }
    }
}

fn inherit(metadata: &mut Value, part: &str, from: Option<&Value>) {
    for (name, value) in from.and_then(Value::as_object).into_iter().flatten() {
        metadata[part][name.as_str()] = value.clone();
    }
}

fn names(items: Option<&Value>) -> Vec<String> {
    let items = items.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(|item| text_at(item, "/metadata/name").map(str::to_owned)).collect()
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "nothing".to_owned() } else { format!("`{}`", names.join("`, `")) }
}

fn text_at<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer).and_then(Value::as_str)
}

#[cfg(test)]
mod tests;
