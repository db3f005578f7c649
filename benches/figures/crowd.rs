//! Many processes that find the same expired token at once, at a provider that rotates refresh tokens
//! and takes none twice; and how large the binary is.

use std::process::Stdio;
use std::time::Instant;

use anyhow::{Result, bail};

use crate::bench::Bench;
use crate::home::{HALLPASS, Home};
use crate::row::Row;

/// The largest that the binary may be, in MiB.
const LARGEST: f64 = 10.0;

/// How often the crowd comes.
const TIMES: usize = 3;

pub(crate) fn stampede(bench: &Bench) -> Result<Row> {
    let crowd = bench.extent.crowd;
    let home = Home::new(&bench.server, 2)?;
    let mut seconds = Vec::new();
    let mut refreshes = 0;
    for _ in 0..TIMES {
        bench.server.take_provider();
        home.connect("plain", 0)?;
        let begun = Instant::now();
        let mut children = Vec::new();
        for _ in 0..crowd {
            let mut token = home.hallpass(&["token", "plain"]);
            let token = token.stdin(Stdio::null()).stdout(Stdio::piped());
            children.push(token.stderr(Stdio::piped()).spawn()?);
        }
        for child in children {
            let run = child.wait_with_output()?;
            if !run.status.success() || run.stdout != b"access-1-not-real\n" {
                let said = String::from_utf8_lossy(&run.stderr);
                bail!("one of {crowd} ended with {}: {}", run.status, said.trim());
            }
        }
        seconds.push(begun.elapsed().as_secs_f64());
        let asked = bench.server.take_provider();
        refreshes = refreshes.max(asked.refreshes + asked.replays);
    }
    seconds.sort_by(f64::total_cmp);
    Ok(Row {
        hallpass: format!(
            "{refreshes} refresh, {crowd} successes, {:.0} ({:.0}) ms",
            seconds[TIMES / 2] * 1e3,
            seconds[0] * 1e3
        ),
        goal: format!("1 refresh, {crowd} successes"),
        met: Some(refreshes == 1),
        ..Row::default()
    })
}

pub(crate) fn size(_bench: &Bench) -> Result<Row> {
    #[expect(clippy::cast_precision_loss, reason = "it is shown in MiB")]
    let mib = std::fs::metadata(HALLPASS)?.len() as f64 / (1024.0 * 1024.0);
    Ok(Row {
        hallpass: format!("{mib:.2} MiB"),
        goal: format!("≤ {LARGEST} MiB"),
        met: Some(mib <= LARGEST),
        ..Row::default()
    })
}
