//! The log that `-v` shows on stderr: what hallpass does, with `-vv` how; never
//! what libraries do, who do not know what is secret. So nothing below INFO is
//! even compiled for a release (`Cargo.toml`), and what only `-vv` shows has a
//! target of its own instead of a level.

use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::api::WIRE;
use crate::http::CALLS;

/// Starts it.
pub(super) fn start(verbose: u8) {
    let calls = match verbose {
        0 => return,
        1 => LevelFilter::OFF,
        _ => LevelFilter::INFO,
    };
    let format = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .event_format(Lines);
    let ours = Targets::new()
        .with_target("hallpass", LevelFilter::INFO)
        .with_target(CALLS, calls);
    // A second start would only be a second subscriber, which there is not.
    let _ = tracing_subscriber::registry()
        .with(ours)
        .with(format)
        .try_init();
}

/// A line each: the level, but for what goes over the wire, and what is said.
struct Lines;

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let about = event.metadata();
        match about.target() {
            WIRE => {}
            CALLS => write!(writer, "DEBUG ")?,
            _ => write!(writer, "{:>5} ", about.level())?,
        }
        context.format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
}
