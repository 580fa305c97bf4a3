//! The NDJSON file.

use std::io::Write as _;

use super::event;
use crate::queue::{Outcome, QueueFault, QueueSettings, lines, open};

#[tokio::test]
async fn a_file_gets_one_event_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.ndjson");
    let mut queue = open(&QueueSettings::Ndjson { path: path.clone() });
    queue.ready().await.unwrap();
    let batch = [event("ch_1", "{\n  \"note\": \"a\\nb\"\n}"), event("ch_2", "2")];
    assert_eq!(queue.send(&batch).await.outcomes, [Outcome::Acknowledged, Outcome::Acknowledged]);
    queue.send(&[event("ch_3", "3")]).await;

    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0]["data"]["note"], "a\nb");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test]
async fn a_line_that_a_crash_left_unfinished_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.ndjson");
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(b"{\"id\":1}\n{\"id\":2,\"da").unwrap();
    let batch = [event("ch_1", "1")];
    open(&QueueSettings::Ndjson { path: path.clone() }).send(&batch).await;
    let expected = [b"{\"id\":1}\n".as_slice(), &lines(&batch)].concat();
    assert_eq!(std::fs::read(&path).unwrap(), expected);
}

#[tokio::test]
async fn a_whole_line_without_its_break_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.ndjson");
    std::fs::write(&path, "{\"id\":1}").unwrap();
    let batch = [event("ch_1", "1")];
    open(&QueueSettings::Ndjson { path: path.clone() }).send(&batch).await;
    let expected = [b"{\"id\":1}\n".as_slice(), &lines(&batch)].concat();
    assert_eq!(std::fs::read(&path).unwrap(), expected);
}

#[tokio::test]
async fn a_folder_that_does_not_exist_is_refused() {
    let mut queue = open(&QueueSettings::Ndjson { path: "/does/not/exist/events.ndjson".into() });
    let delivery = queue.send(&[event("ch_1", "1")]).await;
    assert!(delivery.outcomes.is_empty());
    let Some(QueueFault::Refused { place, .. }) = delivery.fault else { panic!("{delivery:?}") };
    assert!(place.contains("/does/not/exist"), "{place}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_acknowledges_nothing() {
    let mut queue = open(&QueueSettings::Ndjson { path: "/dev/full".into() });
    let delivery = queue.send(&[event("ch_1", "1")]).await;
    assert!(delivery.outcomes.is_empty());
    assert!(delivery.fault.is_some());
}
