//! `--jq`: a jq expression over JSON that came from an API (jq's language, by
//! jaq). What it may look at is that JSON alone: neither the environment, which
//! holds secrets, nor files. What it is given is bounded in length, in depth and
//! in the length of its numbers, all of which jaq takes as they come.
//!
//! A caller compiles a [`Filter`] once, before anything is sent, and runs it over
//! each body, from as many threads as it likes.

mod input;
mod said;

use std::ops::ControlFlow;

use jaq_core::data::{DataT, HasLut};
use jaq_core::load::{self, Arena, File, Loader};
use jaq_core::native::{Fun, bome, run, v};
use jaq_core::{Compiler, Ctx, Exn, Lut, RunPtr, Vars};
use jaq_json::{Val, read, write};

use crate::error::{Failure, Kind, Result};
use crate::ui::{Ui, escape};

/// The longest body that is filtered, in bytes.
pub const MAX_INPUT: usize = 64 * 1024 * 1024;

/// A jq expression that is ready to be run.
pub struct Filter {
    expression: String,
    compiled: jaq_core::Filter<Room>,
    ui: Ui,
}

/// One result of a filter.
pub struct Found(Val);

/// What the functions of the language get to work with.
struct Room;

/// The compiled expression, and who says what `debug` says.
#[derive(Clone, Copy)]
struct Tools<'a> {
    lut: &'a Lut<Room>,
    ui: Ui,
}

impl DataT for Room {
    type V<'a> = Val;
    type Data<'a> = Tools<'a>;
}

impl<'a> HasLut<'a, Room> for Tools<'a> {
    fn lut(&self) -> &'a Lut<Room> {
        self.lut
    }
}

impl Filter {
    /// Compiles an expression; one that is wrong is the caller's mistake
    /// (`usage`), told with its place. `ui` says what `debug` and `stderr` say.
    pub fn new(expression: &str, ui: Ui) -> Result<Self> {
        let ours = load::parse(include_str!("filter/defs.jq"), |parser| parser.defs());
        let defs = jaq_core::defs()
            .chain(jaq_std::defs())
            .chain(jaq_json::defs())
            .chain(ours.unwrap_or_default());
        let arena = Arena::default();
        let file = File {
            code: expression,
            path: (),
        };
        let loaded = Loader::new(defs).load(&arena, file);
        let modules = loaded.map_err(|errors| said::unreadable(expression, &errors))?;
        // What is imported as data would be read from files.
        load::import(&modules, |_| Err("files are closed to it".to_owned()))
            .map_err(|errors| said::unreadable(expression, &errors))?;
        let compiler = Compiler::default().with_funs(functions());
        let compiled = compiler.compile(modules);
        let compiled = compiled.map_err(|errors| said::unknown(expression, &errors))?;
        Ok(Self {
            expression: expression.to_owned(),
            compiled,
            ui,
        })
    }

    /// Runs it over a body: each of the JSON texts in it, which is usually one,
    /// and none where it is empty. `take` gets each result as it comes, and says
    /// whether to go on. A body that is no JSON, or beyond the bounds, is
    /// `unavailable`; an expression that does not fit it is `usage`.
    pub fn run(
        &self,
        body: &[u8],
        take: &mut dyn FnMut(Found) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        if body.len() > MAX_INPUT {
            return Err(too_long());
        }
        for text in input::texts(body) {
            let text = text.map_err(unreadable)?;
            input::bounded(text).map_err(unreadable)?;
            let value = read::parse_single(text).map_err(|error| unreadable(error.to_string()))?;
            if self.run_over(value, take)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn run_over(
        &self,
        value: Val,
        take: &mut dyn FnMut(Found) -> Result<ControlFlow<()>>,
    ) -> Result<ControlFlow<()>> {
        let tools = Tools {
            lut: &self.compiled.lut,
            ui: self.ui,
        };
        let context = Ctx::<Room>::new(tools, Vars::new([]));
        for result in self.compiled.id.run((context, value)) {
            let flow = match result {
                Ok(value) => take(Found(value))?,
                Err(exception) => self.ended(exception)?,
            };
            if flow.is_break() {
                return Ok(flow);
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// An error, or `halt`, which is none.
    fn ended(&self, exception: Exn<'_, Val>) -> Result<ControlFlow<()>> {
        let what = match exception.get_err() {
            Ok(error) => said::misfit(&self.expression, error),
            Err(other) => match other.get_halt() {
                Ok(0) => return Ok(ControlFlow::Break(())),
                _ => "it ended with `halt_error`".to_owned(),
            },
        };
        Err(Failure::new(
            Kind::Usage,
            format!("the `--jq` expression does not fit the answer: {what}"),
        )
        .hint("see the answer with `--jq .`"))
    }
}

impl Found {
    /// The bytes of a string, which is printed as it is.
    pub fn text(&self) -> Option<&[u8]> {
        match &self.0 {
            Val::TStr(bytes) | Val::BStr(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The result as JSON, in one line. Numbers that JSON has no word for, and
    /// objects whose keys are no strings, are refused (`usage`).
    pub fn json(&self) -> Result<Vec<u8>> {
        let mut json = Vec::new();
        let written = write::write(&mut json, &write::Pp::default(), 0, &self.0);
        let is_json = written.is_ok() && input::is_json(&json);
        if !is_json {
            return Err(Failure::new(
                Kind::Usage,
                "the `--jq` expression made something that is no JSON",
            )
            .hint("leave out `nan`, `infinite`, `tobytes` and keys that are no strings"));
        }
        Ok(json)
    }
}

/// A body is longer than what is filtered.
pub fn too_long() -> Failure {
    Failure::new(
        Kind::Unavailable,
        "the answer is too long to be filtered: more than 64 MiB",
    )
    .hint("ask for less, or keep it with `-o FILE` and filter that")
}

fn unreadable(why: String) -> Failure {
    Failure::new(
        Kind::Unavailable,
        format!("the answer cannot be filtered: {}", escape(&why)),
    )
    .hint("see the answer without `--jq`, and its headers with `-i`")
}

/// The language's functions, less `env`, and with some of our own: those that
/// speak do so through `ui`, and what reads JSON holds it to the bounds.
fn functions() -> impl Iterator<Item = Fun<Room>> {
    const REPLACED: [&str; 4] = ["env", "debug_empty", "stderr_empty", "fromjson"];
    let theirs = jaq_core::funs()
        .chain(jaq_std::funs())
        .chain(jaq_json::funs());
    let ours: [jaq_core::native::Filter<RunPtr<Room>>; 3] = [
        ("debug_empty", v(0), |cv| {
            let value = cv.1.to_string();
            cv.0.data()
                .ui
                .note(&escape(&format!("[\"DEBUG:\",{value}]")));
            Box::new(std::iter::empty())
        }),
        ("stderr_empty", v(0), |cv| {
            let found = Found(cv.1);
            let text = found
                .text()
                .map(|text| String::from_utf8_lossy(text).into_owned());
            let text = text.unwrap_or_else(|| found.0.to_string());
            cv.0.data().ui.note(&escape(&text));
            Box::new(std::iter::empty())
        }),
        ("fromjson", v(0), |cv| bome(from_json(cv.1))),
    ];
    theirs
        .filter(|(name, ..)| !REPLACED.contains(name))
        .chain(ours.into_iter().map(run::<Room>))
}

/// The value is not told in the error: it is the API's, and may be a secret.
fn from_json(value: Val) -> jaq_core::ValR<Val> {
    let error = |why: &dyn std::fmt::Display| {
        jaq_core::Error::str(format_args!("cannot parse a string as JSON: {why}"))
    };
    let Val::TStr(text) = &value else {
        return Err(jaq_core::Error::typ(value, "string"));
    };
    input::bounded(text).map_err(|why| error(&why))?;
    read::parse_single(text).map_err(|why| error(&why))
}

#[cfg(test)]
mod tests;
