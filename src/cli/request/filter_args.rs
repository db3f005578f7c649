//! `--jq`: what is picked from the answer, in the place of the answer.

use clap::Args;

use crate::api::{Answer, Unread};
use crate::error::Result;
use crate::filter::{Filter, MAX_INPUT, too_long};
use crate::http;
use crate::output::{self, How};
use crate::ui::Ui;

/// What is picked from the answer.
#[derive(Debug, Args)]
#[command(next_help_heading = "Answer")]
pub(super) struct FilterArgs {
    /// Print what this jq expression picks from a JSON answer, strings raw; an error is printed whole
    #[arg(long, value_name = "EXPR", conflicts_with_all = ["output", "remote_name", "continue_at", "head"])]
    pub(super) jq: Option<String>,
}

impl FilterArgs {
    /// The filter, if one is wanted; what is wrong with it shows before
    /// anything is sent.
    pub(super) fn filter(&self, ui: Ui) -> Result<Option<Filter>> {
        let expression = self.jq.as_deref();
        expression.map(|text| Filter::new(text, ui)).transpose()
    }
}

/// Prints what a filter picks from an answer; `false` once the reader has gone
/// away.
pub(super) fn filtered(filter: &Filter, mut answer: Answer, how: &How) -> Result<bool> {
    if output::head(&answer, how)?.is_break() {
        return Ok(false);
    }
    let host = http::host_of(&answer.url);
    let longest = u64::try_from(MAX_INPUT).unwrap_or(u64::MAX);
    let most = how.most.map_or(longest, |most| most.min(longest));
    let body = answer.whole(most).map_err(|why| match why {
        Unread::TooLong(most) if most == longest => too_long(),
        why => output::unread(why, &host),
    })?;
    let mut is_read = true;
    filter.run(&body, &mut |found| {
        let flow = output::found(&found, how.ui)?;
        is_read = flow.is_continue();
        Ok(flow)
    })?;
    Ok(is_read)
}
