//! The course of one request: the credential renewed for once where the API
//! rejects it, and otherwise the way (`journey`) to an answer to show. Each step
//! begins where the one before left off, so that what an API has done already is
//! not done again.

use super::journey::{Journey, Road, Step};
use super::{Caller, Planner, failed};
use crate::api::Answer;
use crate::broker::Fresh;
use crate::connection::Values;
use crate::error::Result;
use crate::ui::escape;

/// A request on its way.
pub(super) struct Course<'c> {
    caller: &'c Caller<'c>,
    plan: Planner<'c>,
    journey: Journey,
}

/// How far one credential led.
enum Reached {
    /// To another one.
    Renewed(Box<Fresh>),
    /// To the end.
    End(Box<Step>),
}

impl<'c> Course<'c> {
    pub(super) fn new(caller: &'c Caller<'c>, plan: Planner<'c>) -> Self {
        Self {
            caller,
            plan,
            journey: Journey::new(true, None),
        }
    }

    /// Goes to the end of it. Returns the answer and the credential it was
    /// given for.
    pub(super) fn run(mut self, mut fresh: Fresh) -> Result<(Answer, Fresh)> {
        let road = Road::of(self.caller, &self.caller.manner);
        loop {
            let ended = match self.with(&road, &fresh)? {
                Reached::Renewed(renewed) => {
                    fresh = *renewed;
                    continue;
                }
                Reached::End(step) => step,
            };
            return Ok((self.journey.end(&road, *ended)?, fresh));
        }
    }

    /// Goes as far as one credential leads.
    fn with(&mut self, road: &Road<'_>, fresh: &Fresh) -> Result<Reached> {
        let mut values = fresh.values(self.caller.integration);
        loop {
            values.begin_try();
            let step = self.step(road, &values)?;
            if let Some(renewed) = self.renewed(road, fresh, &step) {
                return Ok(Reached::Renewed(Box::new(renewed)));
            }
            if !self.journey.goes_on(road, &step)? {
                return Ok(Reached::End(Box::new(step)));
            }
        }
    }

    fn step(&self, road: &Road<'_>, values: &Values<'_>) -> Result<Step> {
        let caller = self.caller;
        let planned = (self.plan)(values);
        let plan = planned.map_err(|error| failed(caller.id, error))?;
        let secrets = plan.secrets(values);
        let step = self.journey.step(road, plan, secrets);
        caller.keep_nonces();
        Ok(step)
    }

    /// A renewed credential to go on with, where the API rejected the one there
    /// was: once, and not at the word of a host that was not shown it.
    fn renewed(&mut self, road: &Road<'_>, fresh: &Fresh, step: &Step) -> Option<Fresh> {
        if !self.journey.wants_renewal(road, step) {
            return None;
        }
        let renewed = self.caller.renewed(fresh, step.answer()?.status.as_u16())?;
        self.journey.may_renew = false;
        let ui = self.caller.context.ui;
        match renewed {
            Ok(renewed) if step.sent.is_replayable => Some(renewed),
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
}
