//! The text of a new domain file: what the feed says is filled in, and what only the user knows is marked.

use tieout_reconcilers::define::feed::FeedDefinition;
use tieout_reconcilers::name::{DomainName, FeedName};
use tieout_reconcilers::reconciler::ClockKind;
use tieout_reconcilers::starter::Starter;

use super::needs::Needs;

/// What a domain file is made of.
pub(in crate::cli) struct DomainText<'d> {
    pub(in crate::cli) domain: &'d DomainName,
    pub(in crate::cli) feed: &'d FeedName,
    pub(in crate::cli) about: &'d FeedDefinition,
    pub(in crate::cli) needs: &'d Needs,
    pub(in crate::cli) table: &'d str,
    pub(in crate::cli) database: &'d str,
    pub(in crate::cli) queue: &'d str,
    /// Where the schema for editors is, as seen from the file.
    pub(in crate::cli) schema: &'d str,
}

/// By what an editor finds the schema of a file: yaml-language-server reads the first line, the editors of `JetBrains` the second.
pub(in crate::cli) fn schema_lines(schema: &str) -> String {
    format!("# yaml-language-server: $schema={schema}\n# $schema: {schema}\n")
}

impl DomainText<'_> {
    /// The file.
    pub(in crate::cli) fn to_yaml(&self) -> String {
        let Self { domain, feed, table, database, queue, .. } = self;
        let starter = Starter::of(feed)
            .unwrap_or_else(|| Starter { compare: vec!["status: {}".to_owned()], money: None });
        let columns = self.columns(&starter);
        let compare = starter.compare.iter().map(|field| format!("  {field}\n")).collect::<Vec<_>>().concat();
        let money = starter.money.as_ref().map(|money| format!("money: {money}\n")).unwrap_or_default();
        let (rows, keys) = self.conditions();
        let head = schema_lines(self.schema);
        let local = self.local();
        format!(
            "{head}\
             # What `{feed}` lists is in the table {table}. `<-` marks what to look at: it is a guess, and only you know.\n\n\
             domain: {domain}\n\
             feed: {feed}   # `tieout preview {feed}` shows what it answers\n\
             schedule: {{cron: \"0 2 * * *\", zone: Etc/UTC}}   # <- when `tieout daemon` runs it, and by whose clocks\n\
             local:\n\
             \x20 database: {database}\n\
             \x20 # <- your table and its columns; `:from`, `:to` and `:keys` are what tieout asks for\n\
             \x20 rows: SELECT {columns} FROM {table}{rows}\n\
             \x20 keys: SELECT {columns} FROM {table} WHERE {keys}\n\
             {local}\
             compare:   # <- a field of the item and a column each; without `upstream` and `local` both are called as the field is\n\
             {compare}\
             {money}\
             policy: {{settle: 15m, orphans: report, max_emits: 500, max_ratio: 5%, min_items: 1}}\n\
             emit:   # <- the types of the events that your application repairs itself by\n\
             \x20 queue: {queue}\n\
             \x20 missing: {{type: com.example.{domain}.created, data: full}}\n\
             \x20 mismatched: {{type: com.example.{domain}.updated, data: full}}\n"
        )
    }

    /// The clock's column and the one that says when a row was written, which are one thing to a feed of creations and another to one of changes.
    fn clock(&self) -> Option<&'static str> {
        match self.about.feed.clock_kind {
            _ if self.about.feed.timeless => None,
            Some(ClockKind::Created) => Some("created_at"),
            _ => Some("updated_at"),
        }
    }

    fn columns(&self, starter: &Starter) -> String {
        let written = (self.clock() == Some("created_at")).then_some("updated_at");
        let around = self.clock().into_iter().chain(written);
        let mut columns = vec!["id"];
        for column in starter.columns().chain(around) {
            if !columns.contains(&column) {
                columns.push(column);
            }
        }
        columns.join(", ")
    }

    /// What both queries ask for.
    fn conditions(&self) -> (String, String) {
        let members = self.needs.members.iter().map(|name| format!("{name} = :each.{name}"));
        let members: Vec<String> = members.collect();
        let range = self.clock().map(|clock| format!("{clock} >= :from AND {clock} < :to"));
        let rows: Vec<String> = members.iter().cloned().chain(range).collect();
        let keys: Vec<String> = members.into_iter().chain(["id IN (:keys)".to_owned()]).collect();
        let rows = if rows.is_empty() { String::new() } else { format!(" WHERE {}", rows.join(" AND ")) };
        (rows, keys.join(" AND "))
    }

    fn local(&self) -> String {
        let id: Vec<String> = self.about.id.iter().map(|part| format!("`{part}`")).collect();
        let joined = if id.len() > 1 { ", joined by `:`" } else { "" };
        let key = format!("  key: id   # <- the column that holds the feed's {}{joined}\n", id.join(" and "));
        let Some(clock) = self.clock() else { return key };
        let same = &self.about.feed.clock;
        let clock_line = format!(
            "  clock: {clock}   # <- the same instant as `{same}` of the feed, not when your row was written\n"
        );
        let version = match &self.about.version {
            Some(version) if clock == "updated_at" && version.to_string() == *same => {
                "  version: updated_at   # a row that is ahead of the listed item is not a finding\n"
                    .to_owned()
            }
            Some(version) => format!(
                "  # version: COLUMN   # the feed's `{version}`, if you keep it: a row that is ahead is not a finding then\n"
            ),
            None => String::new(),
        };
        let changed = if clock == "created_at" {
            "  changed: updated_at   # <- when your application last wrote the row; leave it out where no column says so\n"
        } else {
            "  # changed: COLUMN   # when your application last wrote the row, where a column says so\n"
        };
        key + &clock_line + &version + changed
    }
}
