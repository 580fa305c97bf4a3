//! A budget as a whole, against a simulated provider and a simulated clock; and the gate in front of it.

mod gates;
mod headers;
mod rates;
mod simulation;
mod troubles;
