//! The guarantee (DESIGN 5): one refresh however many ask, nothing lost whatever happens in between,
//! no trouble taken for death.

mod clock;
pub mod killed;
pub mod rotating;
mod sealed;
mod stampede;
mod trouble;
