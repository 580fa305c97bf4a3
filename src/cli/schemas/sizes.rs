//! `tieout schemas sizes`: how large the events of a domain are, and would be.

use tieout_reconcilers::discrepancy::Kind;
use tieout_reconcilers::jq::Expression;
use tieout_reconcilers::name::DomainName;
use tieout_reconcilers::reconciler::{Data, Reconciler, Remedy};

use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::cli::wire;
use crate::report::{exit, json, text};
use crate::schemas::{Carries, measure};

pub(super) async fn sizes(
    desk: &Desk,
    domain: &DomainName,
    map: Option<&Expression>,
    limit: u32,
) -> Result<u8, Failure> {
    let loaded = wire::load(desk)?;
    let selected = wire::selected(&loaded, vec![domain.to_string()])?;
    let item = selected.first().map_or(Carries::Full, |domain| item(domain.as_ref()));
    let store = wire::open_store(&loaded.config).await?;
    let payloads = store.newest_payloads(domain, limit).await;
    store.close().await;
    let payloads = payloads.map_err(|error| wire::store_failure(&error))?;
    let measured = measure(payloads.iter().map(String::as_str), item, map);
    desk.output.show(
        |_| text::sizes(domain.as_str(), &measured),
        || json::whole("tieout.schema_sizes/v1", &measured),
        || json::lines("schema_sizes", &measured.sizes),
    )?;
    Ok(exit::DONE)
}

/// What the domain's data is where it is no key and no provider's event.
fn item(domain: &dyn Reconciler) -> Carries {
    let maps = |kind| matches!(domain.remedy(kind), Remedy::Emit(emission) if matches!(emission.data, Data::Mapped(_)));
    if [Kind::Missing, Kind::Mismatched].into_iter().any(maps) { Carries::Mapped } else { Carries::Full }
}
