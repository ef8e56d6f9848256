//! 820, 814 and 824: read into the model, written again as they were, and made anew.

mod advice;

mod broken;

mod enrollment;

mod noise;

mod remittance;

#[path = "../shared/json.rs"]
mod json;

#[path = "../shared/random.rs"]
mod random;

#[path = "../shared/round_trip.rs"]
mod round_trip;

#[path = "../shared/text.rs"]
mod text;
