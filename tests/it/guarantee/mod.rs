//! The guarantee (DESIGN 5): one refresh however many ask, nothing lost whatever happens in between,
//! no trouble taken for death.

mod clock;
#[cfg(unix)]
mod disk;
pub mod killed;
pub mod rotating;
pub mod sealed;
mod stampede;
mod trouble;

/// Says what a sweep came to; shown when it fails, or with `--nocapture`.
#[expect(clippy::print_stdout, reason = "the test harness keeps it")]
pub fn say(text: &str) {
    println!("{text}");
}
