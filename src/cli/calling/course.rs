//! The course of one request: sent, renewed for once where the API rejects the
//! token, followed where it redirects, tried again where that helps, until there
//! is an answer to show. Each step begins where the one before left off, so that
//! what an API has done already is not done again.

use std::time::Duration;

use super::{Caller, Planner, failed};
use crate::api::{
    self, Answer, ApiError, Case, Deadline, LONGEST_WAIT, Limits, Outcome, Sent, Trail, Verdict,
};
use crate::broker::Fresh;
use crate::clock::Timestamp;
use crate::error::Result;
use crate::http::HttpError;
use crate::secret::Secret;
use crate::ui::escape;

/// A request on its way.
pub(super) struct Course<'c> {
    caller: &'c Caller<'c>,
    plan: Planner<'c>,
    trail: Trail,
    tried: u32,
    may_renew: bool,
}

/// One step of it.
struct Step {
    sent: Sent,
    secrets: Vec<Secret>,
    result: Result<Answer, ApiError>,
}

impl<'c> Course<'c> {
    pub(super) fn new(caller: &'c Caller<'c>, plan: Planner<'c>) -> Self {
        Self {
            caller,
            plan,
            trail: Trail::default(),
            tried: 0,
            may_renew: true,
        }
    }

    /// Goes to the end of it. Returns the answer and the credential it was
    /// given for.
    pub(super) fn run(mut self, mut fresh: Fresh) -> Result<(Answer, Fresh)> {
        loop {
            let step = self.step(&fresh)?;
            match &step.result {
                Ok(answer) => {
                    if let Some(renewed) = self.renewed(&fresh, &step.sent, answer) {
                        fresh = renewed;
                        continue;
                    }
                    if self.follows(&step, answer)? {
                        continue;
                    }
                    let outcome = Outcome::Answered(answer.status, &answer.headers);
                    if self.tries_again(&step.sent, outcome) {
                        continue;
                    }
                }
                Err(error) => {
                    let outcome = match error {
                        ApiError::Http(HttpError::Connect { .. }) => Some(Outcome::NeverLeft),
                        ApiError::Http(HttpError::Timeout { .. } | HttpError::Broken { .. }) => {
                            Some(Outcome::Lost)
                        }
                        _ => None,
                    };
                    if outcome.is_some_and(|outcome| self.tries_again(&step.sent, outcome)) {
                        continue;
                    }
                }
            }
            let answer = step.result;
            let answer = answer.map_err(|error| failed(self.caller.id, error))?;
            return Ok((answer, fresh));
        }
    }

    fn step(&self, fresh: &Fresh) -> Result<Step> {
        let caller = self.caller;
        let values = fresh.values(caller.integration);
        let planned = (self.plan)(&values);
        let mut plan = planned.map_err(|error| failed(caller.id, error))?;
        let secrets = plan.secrets(&values);
        self.trail.lay_over(&mut plan, &secrets);
        let sent = Sent::of(&plan);
        let limits = Limits {
            timeout: caller.integration.api.timeout,
            deadline: caller.manner.deadline,
        };
        let result = api::send(&caller.context.http, plan, limits, &secrets);
        caller.keep_nonces();
        Ok(Step {
            sent,
            secrets,
            result,
        })
    }

    /// A renewed credential to go on with, where the API rejected the one there
    /// was: once, and not at the word of a host that was not shown it, be that
    /// another one or the user's own in its place.
    fn renewed(&mut self, fresh: &Fresh, sent: &Sent, answer: &Answer) -> Option<Fresh> {
        if !self.may_renew || !self.trail.is_at_home() || !sent.shows_credential {
            return None;
        }
        let renewed = self.caller.renewed(fresh, answer.status.as_u16())?;
        self.may_renew = false;
        let ui = self.caller.context.ui;
        match renewed {
            Ok(renewed) if sent.is_replayable => Some(renewed),
            Ok(_) => {
                ui.warn("the API rejected the token; it was renewed, but stdin cannot be sent twice: run the command again");
                None
            }
            Err(failure) => {
                let why = escape(&failure.message()).into_owned();
                ui.warn(&format!(
                    "the API rejected the token, and it was not renewed: {why}"
                ));
                None
            }
        }
    }

    /// Whether the answer leads elsewhere, and is followed.
    fn follows(&mut self, step: &Step, answer: &Answer) -> Result<bool> {
        let Some(most) = self.caller.manner.redirects else {
            return Ok(false);
        };
        let head = (answer.status, &answer.headers);
        let next = self.trail.follow(&step.sent, head, most, &step.secrets);
        match next.map_err(|error| failed(self.caller.id, error.into()))? {
            Some(trail) => {
                self.trail = trail;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// Whether it is tried again; the wait before that is over then.
    fn tries_again(&mut self, sent: &Sent, outcome: Outcome<'_>) -> bool {
        let manner = &self.caller.manner;
        let case = Case {
            sent,
            outcome,
            tried: self.tried,
            reset: &self.caller.integration.api.retry_after,
            longest: manner.deadline.map_or(LONGEST_WAIT, Deadline::left),
        };
        let (retry, ui) = (manner.retry, self.caller.context.ui);
        let what = match outcome {
            Outcome::Answered(status, _) => format!("the API answered {}", status.as_u16()),
            Outcome::NeverLeft => "the API could not be reached".to_owned(),
            Outcome::Lost => "the API gave no answer that could be read".to_owned(),
        };
        match api::judge(retry, &case, Timestamp::now(), fastrand::f64()) {
            Verdict::Settled => false,
            Verdict::Again(wait) => {
                self.tried += 1;
                ui.note(&format!(
                    "{what}; trying again in {} ({} of {})",
                    spelled(wait),
                    self.tried,
                    retry.most
                ));
                // An interruption ends the process, this wait with it.
                std::thread::sleep(wait);
                true
            }
            Verdict::TooLong(wait) => {
                let bound = match manner.deadline {
                    Some(_) => "`--max-time` leaves".to_owned(),
                    None => spelled(LONGEST_WAIT),
                };
                let wait = spelled(wait);
                ui.note(&format!(
                    "{what}; the wait of {wait} is longer than {bound}: not tried again"
                ));
                false
            }
            Verdict::Unasked => {
                ui.note(&format!(
                    "{what}; a {} is not sent twice unasked: `--retry-non-idempotent`, or an `Idempotency-Key` header where the API knows it",
                    sent.method
                ));
                false
            }
            Verdict::Gone => {
                ui.note(&format!(
                    "{what}; not tried again, since stdin cannot be sent twice"
                ));
                false
            }
        }
    }
}

/// A wait as people say it.
fn spelled(wait: Duration) -> String {
    const LONG: Duration = Duration::from_secs(120);
    if wait >= LONG {
        return humantime::format_duration(Duration::from_secs(wait.as_secs())).to_string();
    }
    let tenths = (wait.as_secs_f64() * 10.0).round() / 10.0;
    format!("{tenths} s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_spelled_as_people_say_them() {
        for (wait, expected) in [
            (0, "0 s"),
            (731, "0.7 s"),
            (2_000, "2 s"),
            (119_000, "119 s"),
            (900_000, "15m"),
            (7_260_500, "2h 1m"),
        ] {
            assert_eq!(spelled(Duration::from_millis(wait)), expected);
        }
    }
}
