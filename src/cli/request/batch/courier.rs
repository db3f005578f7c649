//! Sends what a batch asks for, each request by the same way as one that is made
//! alone (`Journey`), and reads the answer whole. Any thread may; a rejected
//! credential is the business of whoever planned.

use super::result::Got;
use crate::api::{Answer, Plan};
use crate::cli::calling::{Journey, Road};
use crate::error::{Failure, Result};
use crate::filter::Filter;
use crate::secret::Secret;

/// The one place where the batch sends.
#[derive(Clone, Copy)]
pub(super) struct Courier<'a> {
    pub(super) road: Road<'a>,
    pub(super) filter: Option<&'a Filter>,
    /// The longest body that is kept, in bytes.
    pub(super) most: u64,
}

/// What is to be sent, and how far that went before.
pub(super) struct Parcel {
    pub(super) plan: Plan,
    pub(super) secrets: Vec<Secret>,
    pub(super) journey: Journey,
}

/// What became of it.
pub(super) struct Came {
    pub(super) outcome: Result<Got>,
    pub(super) journey: Journey,
    /// Whether another credential may help, from where the journey is.
    pub(super) is_rejected: bool,
}

impl Came {
    /// It was not sent at all.
    pub(super) fn back(failure: Failure) -> Self {
        Self {
            outcome: Err(failure),
            journey: Journey::default(),
            is_rejected: false,
        }
    }
}

impl Courier<'_> {
    /// Sends one, and reads the whole answer. `heard` is told of each answer
    /// that is not the last.
    pub(super) fn send(&self, parcel: Parcel, heard: &dyn Fn()) -> Came {
        let mut journey = parcel.journey;
        let way = self.go(parcel.plan, parcel.secrets, &mut journey, heard);
        let is_rejected = way.as_ref().is_ok_and(|(_, is_rejected)| *is_rejected);
        let outcome = way.and_then(|(answer, _)| Got::read(answer, self.most, self.filter));
        Came {
            outcome,
            journey,
            is_rejected,
        }
    }

    fn go(
        &self,
        plan: Plan,
        secrets: Vec<Secret>,
        journey: &mut Journey,
        heard: &dyn Fn(),
    ) -> Result<(Answer, bool)> {
        let road = &self.road;
        let again = road.is_long().then(|| (plan.clone(), secrets.clone()));
        let mut step = journey.step(road, plan, secrets);
        loop {
            if journey.wants_renewal(road, &step) {
                return Ok((journey.end(road, step)?, true));
            }
            let Some((plan, secrets)) = &again else { break };
            heard();
            if !journey.goes_on(road, &step)? {
                break;
            }
            step = journey.step(road, plan.clone(), secrets.clone());
        }
        Ok((journey.end(road, step)?, false))
    }
}
