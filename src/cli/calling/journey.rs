//! The way of one request with one credential: sent, followed where it
//! redirects, tried again where that helps. It needs nothing but plans, so that a
//! thread of its own can go it; renewing is the business of whoever plans.

use std::thread;
use std::time::Duration;

use super::{Caller, failed};
use crate::api::{
    self, Answer, ApiError, Case, Deadline, Head, LONGEST_WAIT, Limits, Manner, Outcome, Plan,
    Sent, Trail, Verdict,
};
use crate::clock::Timestamp;
use crate::connection::ConnectionId;
use crate::error::Result;
use crate::http::{Http, HttpError};
use crate::secret::Secret;
use crate::ui::Ui;

/// What every journey to an API has in common, for all threads.
#[derive(Clone, Copy)]
pub(in crate::cli) struct Road<'a> {
    http: &'a Http,
    id: &'a ConnectionId,
    manner: &'a Manner,
    timeout: Option<Duration>,
    reset: &'a [String],
    on_status: &'a [u16],
    ui: Ui,
}

/// A request on its way.
#[derive(Default)]
pub(in crate::cli) struct Journey {
    trail: Trail,
    /// The redirects on it.
    passed: Vec<Head>,
    tried: u32,
    /// Whether the credential may yet be renewed.
    pub(in crate::cli) may_renew: bool,
    /// What it is called where there are several.
    name: Option<String>,
}

/// One step of it.
pub(in crate::cli) struct Step {
    pub(super) sent: Sent,
    secrets: Vec<Secret>,
    result: Result<Answer, ApiError>,
}

impl<'a> Road<'a> {
    pub(in crate::cli) fn of(caller: &Caller<'a>, manner: &'a Manner) -> Self {
        let (context, integration) = (caller.context, caller.integration);
        Self {
            http: &context.http,
            id: caller.id,
            manner,
            timeout: integration.api.timeout,
            reset: &integration.api.retry_after,
            on_status: &integration.auth.refresh.on_status,
            ui: context.ui,
        }
    }

    /// Whether a journey may take more than one step.
    pub(in crate::cli) fn is_long(&self) -> bool {
        self.manner.redirects.is_some() || self.manner.retry.most > 0
    }
}

impl Step {
    pub(super) fn answer(&self) -> Option<&Answer> {
        self.result.as_ref().ok()
    }
}

impl Journey {
    pub(in crate::cli) fn new(may_renew: bool, name: Option<String>) -> Self {
        Self {
            may_renew,
            name,
            ..Self::default()
        }
    }

    /// Goes one step. The plan is that of the request that came first;
    /// `secrets` are what it carries.
    pub(in crate::cli) fn step(
        &self,
        road: &Road<'_>,
        mut plan: Plan,
        secrets: Vec<Secret>,
    ) -> Step {
        self.trail.lay_over(&mut plan, &secrets);
        let sent = Sent::of(&plan);
        let limits = Limits {
            timeout: road.timeout,
            deadline: road.manner.deadline,
        };
        let result = api::send(road.http, plan, limits, &secrets);
        Step {
            sent,
            secrets,
            result,
        }
    }

    /// Whether the API rejected the credential, which a host that was not shown
    /// it cannot.
    pub(in crate::cli) fn was_rejected(&self, road: &Road<'_>, status: u16) -> bool {
        self.trail.is_at_home() && road.on_status.contains(&status)
    }

    /// Whether a step was the rejection of a credential that may be renewed, and
    /// not of the user's own in its place.
    pub(in crate::cli) fn wants_renewal(&self, road: &Road<'_>, step: &Step) -> bool {
        let rejects = |answer: &Answer| self.was_rejected(road, answer.status.as_u16());
        self.may_renew && step.sent.shows_credential && step.answer().is_some_and(rejects)
    }

    /// Whether another step follows; the wait before that is over then.
    pub(in crate::cli) fn goes_on(&mut self, road: &Road<'_>, step: &Step) -> Result<bool> {
        let outcome = match &step.result {
            Ok(answer) => {
                if self.follows(road, step, answer)? {
                    return Ok(true);
                }
                Outcome::Answered(answer.status, &answer.headers)
            }
            Err(ApiError::Http(HttpError::Connect { .. })) => Outcome::NeverLeft,
            Err(ApiError::Http(HttpError::Timeout { .. } | HttpError::Broken { .. })) => {
                Outcome::Lost
            }
            Err(_) => return Ok(false),
        };
        Ok(self.tries_again(road, &step.sent, outcome))
    }

    /// Whether the answer leads elsewhere, and is followed.
    fn follows(&mut self, road: &Road<'_>, step: &Step, answer: &Answer) -> Result<bool> {
        let Some(most) = road.manner.redirects else {
            return Ok(false);
        };
        let head = (answer.status, &answer.headers);
        let next = self.trail.follow(&step.sent, head, most, &step.secrets);
        match next.map_err(|error| failed(road.id, error.into()))? {
            Some(trail) => {
                self.trail = trail;
                self.passed.push(answer.head());
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// What it came to with its last step.
    pub(in crate::cli) fn end(&mut self, road: &Road<'_>, last: Step) -> Result<Answer> {
        let mut answer = last.result.map_err(|error| failed(road.id, error))?;
        answer.passed = std::mem::take(&mut self.passed);
        Ok(answer)
    }

    /// Whether it is tried again; the wait before that is over then.
    fn tries_again(&mut self, road: &Road<'_>, sent: &Sent, outcome: Outcome<'_>) -> bool {
        let manner = road.manner;
        let case = Case {
            sent,
            outcome,
            tried: self.tried,
            reset: road.reset,
            longest: manner.deadline.map_or(LONGEST_WAIT, Deadline::left),
        };
        let (retry, ui) = (manner.retry, road.ui);
        let what = match outcome {
            Outcome::Answered(status, _) => format!("the API answered {}", status.as_u16()),
            Outcome::NeverLeft => "the API could not be reached".to_owned(),
            Outcome::Lost => "the API gave no answer that could be read".to_owned(),
        };
        let what = match &self.name {
            Some(name) => format!("{name}: {what}"),
            None => what,
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
                thread::sleep(wait);
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
