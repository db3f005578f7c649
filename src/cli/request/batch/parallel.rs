//! A batch with several requests under way: one thread reads lines, others send
//! and read answers, and this one plans, renews and writes the results in the
//! lines' order. A line is read only when there is room for its result, so that
//! an endless batch takes no more memory than a short one.

use std::collections::VecDeque;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::courier::{Came, Courier, Parcel};
use super::input::Input;
use super::line::Line;
use super::result::Got;
use super::{Desk, Next, once_more, prepared};
use crate::api;
use crate::broker::Fresh;
use crate::cli::calling::Journey;
use crate::connection::Values;
use crate::error::{Failure, Kind, Result};

/// How many results may wait for an earlier one, for each request under way.
const AHEAD: usize = 2;

/// What the other threads tell.
enum Event {
    Line(Result<Option<Line>>),
    /// An answer came that is not the last.
    Heard,
    Done(u64, Came),
}

/// What to send, and the number it goes by.
type Job = (u64, Parcel);

/// A line whose result was not written yet.
struct Pending {
    line: Line,
    state: State,
    /// How far it went with another credential.
    journey: Option<Journey>,
    /// Whether it is sent a second time, with a renewed credential.
    again: bool,
}

enum State {
    Waiting,
    /// Sent with the credential of this number.
    Sent(u64),
    Done(Result<Got>),
}

pub(super) fn run(desk: &mut Desk<'_>, fresh: Fresh, input: Input, most: usize) -> Result<()> {
    let (tell, events) = mpsc::channel();
    let (jobs, taken) = mpsc::channel();
    let taken = Mutex::new(taken);
    let room = read_ahead(input, tell.clone());
    for _ in 0..most * AHEAD {
        // A reader that is gone has told why.
        let _ = room.send(());
    }
    let courier = desk.courier;
    thread::scope(|scope| {
        for _ in 0..most {
            let (taken, tell) = (&taken, tell.clone());
            scope.spawn(move || carry(courier, taken, &tell));
        }
        let window = Window {
            desk,
            jobs,
            events,
            room,
            most,
            // Over TLS the first answer tells whether one connection will do
            // for all (RFC 9113): until then no others are made.
            warm: false,
            over: false,
            first: 0,
            generation: 0,
            under_way: 0,
            pending: VecDeque::new(),
        };
        // With the window goes the end of the jobs, and with that the couriers.
        window.through(fresh)
    })
}

/// Reads lines as room is made for them. The thread is left to itself, since
/// nothing ends a read of stdin; it ends with the process.
fn read_ahead(mut input: Input, tell: Sender<Event>) -> Sender<()> {
    let (room, made) = mpsc::channel();
    thread::spawn(move || {
        while let Ok(()) = made.recv() {
            let line = input.next();
            let ends = !matches!(line, Ok(Some(_)));
            if tell.send(Event::Line(line)).is_err() || ends {
                return;
            }
        }
    });
    room
}

/// Sends one plan after another.
fn carry(courier: Courier<'_>, taken: &Mutex<Receiver<Job>>, tell: &Sender<Event>) {
    loop {
        let job = taken.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((number, parcel)) = job else { return };
        // Nobody listens any more when nobody reads the results.
        let came = courier.send(parcel, &|| drop(tell.send(Event::Heard)));
        if tell.send(Event::Done(number, came)).is_err() {
            return;
        }
    }
}

/// The lines between the first whose result is not written and the last that was
/// read.
struct Window<'d, 'a> {
    desk: &'d mut Desk<'a>,
    jobs: Sender<Job>,
    events: Receiver<Event>,
    room: Sender<()>,
    most: usize,
    warm: bool,
    /// Whether no more lines come.
    over: bool,
    /// The number of the first pending line.
    first: u64,
    /// Which credential is in use.
    generation: u64,
    under_way: usize,
    pending: VecDeque<Pending>,
}

impl Window<'_, '_> {
    fn through(mut self, mut fresh: Fresh) -> Result<()> {
        loop {
            let integration = self.desk.caller.integration;
            let values = prepared(integration, &fresh);
            let origin = api::origin(integration, &values);
            self.warm |= origin.is_ok_and(|origin| origin.starts_with("http:"));
            match self.with(&fresh, &values)? {
                None => return Ok(()),
                Some(renewed) => {
                    drop(values);
                    fresh = renewed;
                    self.generation += 1;
                }
            }
        }
    }

    /// Goes on with one credential, up to the end or to the next.
    fn with(&mut self, fresh: &Fresh, values: &Values<'_>) -> Result<Option<Fresh>> {
        loop {
            self.look_at_the_clock();
            self.send_on(fresh, values)?;
            if !self.write_out()? || (self.over && self.pending.is_empty()) {
                return Ok(None);
            }
            match self.event()? {
                None => {}
                Some(Event::Heard) => self.warm = true,
                Some(Event::Line(_)) if self.over => {}
                Some(Event::Line(line)) => match line? {
                    Some(line) => self.pending.push_back(Pending {
                        line,
                        state: State::Waiting,
                        journey: None,
                        again: false,
                    }),
                    None => self.over = true,
                },
                Some(Event::Done(number, came)) => {
                    if let Some(renewed) = self.came(number, came, fresh) {
                        return Ok(Some(renewed));
                    }
                }
            }
        }
    }

    /// What is told next; nothing, where the time is over before that.
    fn event(&self) -> Result<Option<Event>> {
        let deadline = self.desk.caller.manner.deadline;
        match deadline.filter(|_| !self.over) {
            // What is under way has the same bound.
            None => self.events.recv().map(Some).map_err(|_| lost()),
            Some(deadline) => match self.events.recv_timeout(deadline.left()) {
                Ok(event) => Ok(Some(event)),
                Err(RecvTimeoutError::Timeout) => Ok(None),
                Err(RecvTimeoutError::Disconnected) => Err(lost()),
            },
        }
    }

    /// When the time is over, no more lines are taken.
    fn look_at_the_clock(&mut self) {
        let deadline = self.desk.caller.manner.deadline;
        if let Some(deadline) = deadline.filter(|deadline| !self.over && deadline.has_passed()) {
            self.desk.late = Some(deadline);
            self.over = true;
        }
    }

    /// Plans what waits and hands it to the couriers.
    fn send_on(&mut self, fresh: &Fresh, values: &Values<'_>) -> Result<()> {
        let most = if self.warm { self.most } else { 1 };
        for (number, pending) in (self.first..).zip(&mut self.pending) {
            if self.under_way >= most {
                break;
            }
            if !matches!(pending.state, State::Waiting) {
                continue;
            }
            let journey = pending.journey.take();
            let journey = journey.unwrap_or_else(|| self.desk.journey(fresh, &pending.line));
            pending.state = match self.desk.pack(values, &mut pending.line, journey) {
                Err(failure) => State::Done(Err(failure)),
                Ok(parcel) => {
                    self.jobs.send((number, parcel)).map_err(|_| lost())?;
                    self.under_way += 1;
                    State::Sent(self.generation)
                }
            };
        }
        Ok(())
    }

    /// An answer, or none. Returns another credential, where it made one
    /// necessary.
    fn came(&mut self, number: u64, came: Came, fresh: &Fresh) -> Option<Fresh> {
        self.under_way -= 1;
        self.warm = true;
        let at = usize::try_from(number - self.first).ok()?;
        let pending = self.pending.get_mut(at)?;
        let State::Sent(generation) = pending.state else {
            return None;
        };
        if pending.again {
            self.desk.was_renewed(&came);
            pending.state = State::Done(came.outcome);
            return None;
        }
        // Somebody else's answer may have had it renewed meanwhile.
        let is_old = came.is_rejected && generation < self.generation;
        let renewed = if is_old {
            None
        } else {
            self.desk.renewed(fresh, &came)
        };
        if is_old || renewed.is_some() {
            (pending.again, pending.state) = (true, State::Waiting);
            pending.journey = Some(once_more(came.journey));
        } else {
            pending.state = State::Done(came.outcome);
        }
        renewed
    }

    /// Writes the results that are next. Whether the batch is to go on.
    fn write_out(&mut self) -> Result<bool> {
        while let Some(Pending {
            state: State::Done(_),
            ..
        }) = self.pending.front()
        {
            let Some(Pending {
                line,
                state: State::Done(outcome),
                ..
            }) = self.pending.pop_front()
            else {
                break;
            };
            self.first += 1;
            let _ = self.room.send(());
            match self.desk.finish(&line, &outcome)? {
                Next::Line => {}
                Next::None => self.begin_no_more(),
                Next::End => return Ok(false),
            }
        }
        Ok(true)
    }

    /// What was sent is waited for; the rest is let go.
    fn begin_no_more(&mut self) {
        self.over = true;
        let sent = |pending: &Pending| pending.again || !matches!(pending.state, State::Waiting);
        let kept = self
            .pending
            .iter()
            .rposition(sent)
            .map_or(0, |last| last + 1);
        self.pending.truncate(kept);
    }
}

/// A thread came to a bad end, and said so.
fn lost() -> Failure {
    Failure::new(Kind::Internal, "a part of the batch came to a bad end")
        .hint("run the command again")
}
