//! The table, as it is printed and kept: with the day, the machine's measure, and the tools' versions,
//! but no names of machines or places.

use std::path::Path;
use std::time::SystemTime;

use anyhow::Result;

use crate::bench::Bench;
use crate::home::write;
use crate::row::Row;

/// Where it is kept.
const RESULTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/RESULTS.md");

const HEAD: &str = "| what | hallpass | against | others | hallpass : against | goal | met |
|---|---|---|---|---|---|---|";

/// The table so far.
pub(crate) struct Report {
    text: String,
    quick: bool,
}

impl Report {
    pub(crate) fn begin(bench: &Bench, quick: bool) -> Self {
        let cpus = std::thread::available_parallelism().map_or(0, usize::from);
        let tools = [&bench.tools.curl, &bench.tools.xh];
        let versions: Vec<String> = tools.iter().map(|tool| tool.version()).collect();
        let mut report = Report {
            text: String::new(),
            quick,
        };
        report.line("# Figures\n");
        report.line("Written by `cargo bench --locked`; how they are taken is said in `benches/figures/main.rs`.");
        report.line(
            "Times are medians, and minima in brackets, of programs that were run turn by turn.\n",
        );
        report.line(&format!(
            "{}; {cpus} CPUs ({}); hallpass {}, {}; load at the start {}\n",
            today(),
            std::env::consts::ARCH,
            env!("CARGO_PKG_VERSION"),
            versions.join(", "),
            load()
        ));
        if quick {
            report
                .line("A quick run: small bodies, few calls and few runs, no figures to go by.\n");
        }
        report.line(HEAD);
        report
    }

    fn line(&mut self, line: &str) {
        println!("{line}");
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// Adds a row; by a quick run no goal is judged.
    pub(crate) fn add(&mut self, what: &str, mut row: Row) {
        row.met = row.met.filter(|_| !self.quick);
        self.line(&row.line(what));
    }

    pub(crate) fn end(&mut self) {
        self.line(&format!("\nLoad at the end: {}", load()));
    }

    pub(crate) fn write(&self) -> Result<()> {
        write(Path::new(RESULTS), self.text.as_bytes())?;
        // A temporary file is its owner's alone by itself; this one is for all who read the sources.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let shared = std::fs::Permissions::from_mode(0o644);
            std::fs::set_permissions(RESULTS, shared)?;
        }
        println!("written to benches/RESULTS.md");
        Ok(())
    }
}

fn today() -> String {
    #[expect(clippy::disallowed_methods, reason = "a table's date")]
    let now = SystemTime::now();
    let mut text = humantime::format_rfc3339_seconds(now).to_string();
    text.truncate("2000-01-01".len());
    text
}

/// The load of the last minute, where the system tells.
fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ')
        .next()
        .filter(|load| !load.is_empty())
        .unwrap_or("unknown")
        .to_owned()
}
