//! Files that are not X12: Green Button, tables, bulk XML and the answers of SmartHub.

#[path = "../shared/mod.rs"]
mod shared;

mod espi;

mod csv;

mod bulk_xml;

mod smarthub;
