//! YAML definitions: files a person writes become a [`Reconciler`](crate::reconciler::Reconciler), or a list of
//! problems with their places.
//!
//! Reading order: what a problem is and how a file is read, the small values, the parts of a provider file, the parts
//! of a domain file, and the two put together.

pub mod problem;

pub mod checked;
pub mod schema;
pub mod document;
pub mod value;
pub mod words;

pub mod lang;
pub mod placeholder;
pub mod template;

pub mod body;
pub mod fill;
pub mod request;
mod request_file;
mod line_or_words;
pub mod request_line;
pub mod slots;

pub mod auth;

pub mod condition;
mod graphql;
mod problem_json;
pub mod rules;

mod clock_file;
pub mod edges;
mod lint;
mod span_file;
mod window_file;

pub mod follow;
mod keep_file;
pub mod link;
pub mod following;
mod next_file;
pub mod paging;
pub mod reader;
pub mod selector;

pub mod limits;
mod limits_file;
pub mod quota;

pub mod gone_file;
mod nested_file;
pub mod rows_file;

pub mod yaml_tree;
mod pointer;
mod preset;
mod inherit;
mod written_feed;

mod absence;
pub mod confirm;
mod confirm_file;
mod conditional;
pub mod count;
pub mod each_file;
pub mod events_file;
pub mod webhooks_file;
pub mod scopes_file;
mod currencies_file;
mod id_file;
mod job;
pub mod feed;
mod list_file;
pub mod provider;

mod compare;
pub mod domain;
mod kinship;
mod data_file;
mod emit_file;
mod policy_file;
mod privacy_file;
mod received_file;
mod funnel_file;
mod schedule;
pub mod tests_file;

mod layout;
mod look_up;
mod names;
mod rows;

pub mod definition;
pub mod definition_file;
mod lists;
mod exporting;
mod walking;

#[cfg(test)]
mod tests;
