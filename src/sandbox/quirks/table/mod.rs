//! The quirks, in the order of their numbers; what each does stands in its one entry.

mod answers;
mod credentials;
mod devices;
mod requests;
mod values;

use super::quirk::Quirk;

/// All of them.
pub fn all() -> impl Iterator<Item = &'static Quirk> {
    let tables: [&'static [Quirk]; 5] = [
        &answers::QUIRKS,
        &requests::QUIRKS,
        &values::QUIRKS,
        &credentials::QUIRKS,
        &devices::QUIRKS,
    ];
    tables.into_iter().flatten()
}
