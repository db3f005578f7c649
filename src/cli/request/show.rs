//! What becomes of the answer: where it goes, and with what code the command
//! ends.

use std::path::{Path, PathBuf};

use clap::Args;
use reqwest::Method;

use super::file;
use crate::api::Answer;
use crate::cli::calling;
use crate::connection::ConnectionId;
use crate::error::{Failure, Kind, Result};
use crate::filter::Filter;
use crate::output::{self, Download, How, Target};
use crate::ui::{self, Ui};

use super::filter_args::filtered;

/// Where the answer goes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Answer")]
pub(super) struct ShowArgs {
    /// Write the answer's body to a file; - is stdout, every byte as it is
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Write it to a file named as the URL's last part
    #[arg(short = 'O', long, conflicts_with_all = ["output", "action"])]
    pub(super) remote_name: bool,
    /// With -O, take the name that the answer gives, and never replace a file
    #[arg(short = 'J', long, requires = "remote_name")]
    pub(super) remote_header_name: bool,
    /// Make the directories of the file named by -o
    #[arg(long, requires = "output")]
    pub(super) create_dirs: bool,
    /// With -, go on with what an earlier time left of the file
    #[arg(short = 'C', long, value_name = "-", value_parser = ["-"], allow_hyphen_values = true, conflicts_with_all = ["include", "head", "action", "remote_header_name"])]
    pub(super) continue_at: Option<String>,
    /// Take no longer body than this: 1000, 10k, 5M, 1G
    #[arg(long, value_name = "BYTES", value_parser = file::size)]
    pub(super) max_filesize: Option<u64>,
    /// Print the answer's status line and headers too
    #[arg(short, long)]
    pub(super) include: bool,
    /// Ask with HEAD, and print the status line and headers only
    #[arg(short = 'I', long, conflicts_with = "action")]
    pub(super) head: bool,
    /// Print no body of an answer of 400 or more; the exit code is 8 in any case
    #[arg(short, long)]
    pub(super) fail: bool,
    /// Say nothing but errors, as --quiet
    #[arg(short, long)]
    pub(super) silent: bool,
    /// Accepted as curl has it: errors are always said
    #[arg(short = 'S', long)]
    pub(super) show_error: bool,
}

/// Where the answer will go, as far as that is known before it is there.
pub(super) struct Place {
    target: Target,
    /// Where an answer without a name of its own goes.
    named_by_answer: Option<(PathBuf, String)>,
}

impl ShowArgs {
    /// How the answer is shown.
    pub(super) fn how(&self, ui: Ui) -> How {
        How {
            ui,
            include: self.include,
            only_head: self.head,
            most: self.max_filesize,
        }
    }

    /// The method that is asked with, where these flags say so.
    pub(super) fn method(&self) -> Option<Method> {
        self.head.then_some(Method::HEAD)
    }

    /// Makes the directories of the file that `-o` names, where that is wanted.
    pub(super) fn make_directories(&self) -> Result<()> {
        let path = self.output.as_ref().filter(|_| self.create_dirs);
        let dir = path.and_then(|path| path.parent());
        let Some(dir) = dir.filter(|dir| !dir.as_os_str().is_empty()) else {
            return Ok(());
        };
        std::fs::create_dir_all(dir).map_err(|error| {
            Failure::caused(Kind::Usage, error)
                .context(format!("`{}` cannot be made", dir.display()))
                .hint("name a file elsewhere: `-o FILE`")
        })
    }

    /// Where the body of an error is to be seen.
    fn seen(&self) -> String {
        match &self.output {
            _ if self.fail => "without `-f`".to_owned(),
            Some(path) if path != Path::new("-") => format!("in `{}`", path.display()),
            None if self.remote_name => "in the file".to_owned(),
            _ => "above".to_owned(),
        }
    }

    /// Finds out where the answer goes, before anything is sent. `request`
    /// tells this request from others.
    pub(super) fn place(&self, targets: &[String], request: &str) -> Result<Place> {
        let place = |target| Place {
            target,
            named_by_answer: None,
        };
        let path = match &self.output {
            Some(path) if path == Path::new("-") => None,
            Some(path) => Some(path.clone()),
            None if self.remote_name => {
                let target = targets.first().map_or("", String::as_str);
                let name = file::of_target(target);
                if self.remote_header_name {
                    let name = name.unwrap_or_else(|_| PathBuf::from("download"));
                    return Ok(Place {
                        target: Target::Nowhere,
                        named_by_answer: Some((name, request.to_owned())),
                    });
                }
                Some(name?)
            }
            None => None,
        };
        let Some(path) = path else {
            if self.continue_at.is_some() {
                return Err(Failure::new(
                    Kind::Usage,
                    "`-C -` goes on with a file, and none is named",
                )
                .hint("name it: `-o FILE`"));
            }
            let is_raw = self.output.is_some();
            return Ok(place(if is_raw { Target::Raw } else { Target::Stdout }));
        };
        self.make_directories()?;
        let mut download = Download::to(path, request);
        if self.continue_at.is_some() {
            download = download.continuing()?;
        }
        Ok(place(Target::File(download)))
    }
}

impl Place {
    /// The headers that go with the request, where the user gave none of the
    /// name.
    pub(super) fn asks(&self, args: &ShowArgs) -> Vec<(String, String)> {
        match &self.target {
            Target::File(download) if args.continue_at.is_some() => download.asks(),
            _ => Vec::new(),
        }
    }

    /// Where this answer goes.
    fn of(self, answer: &Answer) -> Target {
        match self.named_by_answer {
            None => self.target,
            Some((name, request)) => {
                let name = file::of_answer(&answer.headers).unwrap_or(name);
                Target::File(Download::to(name, &request).only_new())
            }
        }
    }
}

/// Prints an answer; one of 400 or more is a failure behind that.
pub(super) fn show(
    id: &ConnectionId,
    args: &ShowArgs,
    filter: Option<&Filter>,
    place: Place,
    answer: Answer,
    ui: Ui,
) -> Result<()> {
    let status = answer.status;
    let is_error = answer.is_error();
    if let Some(coding) = &answer.left_coded {
        let coding = ui::escape(coding);
        ui.warn(&format!(
            "the answer is compressed in a way that is not undone here (`{coding}`): its bytes are left as they are"
        ));
    }
    let how = args.how(ui);
    if let Some(filter) = filter.filter(|_| !is_error) {
        return filtered(filter, answer, &how).map(drop);
    }
    let target = if args.fail && is_error {
        // With the head, where that was asked for.
        if args.include || args.head {
            let how = How {
                only_head: true,
                ..how
            };
            output::answer(answer, Target::Stdout, &how)?;
            return Err(calling::answered(id, status, &args.seen()));
        }
        Target::Nowhere
    } else {
        place.of(&answer)
    };
    let counts = output::answer(answer, target, &how)?;
    if is_error && counts {
        return Err(calling::answered(id, status, &args.seen()));
    }
    Ok(())
}
