//! A script that calls an API a thousand times: in one process, and in as many as calls.

use std::fmt::Write as _;

use anyhow::{Result, bail};

use crate::bench::{Bench, text};
use crate::home::Home;
use crate::measure::Contender;
use crate::request::{curl, told, xh};
use crate::row::{Row, milliseconds};

/// What stands for the thousand processes: so many times fewer, and the time that much longer.
const SCALED_BY: u32 = 20;

/// One process that makes them all.
pub(crate) fn in_one_process(bench: &Bench) -> Result<Row> {
    let home = Home::connected(&bench.server, 2)?;
    let calls = bench.extent.calls;
    let (mut lines, mut config) = (String::new(), String::new());
    for number in 1..=calls {
        writeln!(lines, "{{\"path\":\"/things/{number}\"}}")?;
        writeln!(config, "url = \"{}/things/{number}\"", bench.server.plain)?;
    }
    let batch = text(&home.write("batch.jsonl", lines.as_bytes())?);
    let config = text(&home.write("curl.conf", config.as_bytes())?);
    let args = ["request", "plain", "--batch", &batch];
    let run = home.hallpass(&args).output()?;
    if run.status.code() == Some(2) {
        return Ok(Row {
            hallpass: "there is no `--batch` yet".to_owned(),
            ..Row::default()
        });
    }
    let printed = String::from_utf8_lossy(&run.stdout);
    let good = printed
        .lines()
        .filter(|line| line.contains("\"status\":200"));
    if good.count() != calls as usize {
        bail!("not every line of the batch was answered with 200");
    }
    let mut contenders = vec![Contender::new("hallpass", home.hallpass(&args))];
    curl(bench, &mut contenders, "curl -K", &["--config", &config]);
    let parallel = [&args[..], &["--parallel", "8"]].concat();
    contenders.push(Contender::new(
        "hallpass --parallel 8",
        home.hallpass(&parallel),
    ));
    curl(
        bench,
        &mut contenders,
        "curl -K --parallel-max 8",
        &["--parallel", "--parallel-max", "8", "--config", &config],
    );
    let taken = bench.long(&mut contenders)?;
    let row = Row::of(&taken, milliseconds).beside(&taken);
    Ok(told(&[&bench.tools.curl], row))
}

/// As many processes as calls.
pub(crate) fn in_as_many(bench: &Bench) -> Result<Row> {
    let home = Home::connected(&bench.server, 2)?;
    let starts = bench.extent.calls / SCALED_BY;
    let url = format!("{}/things/1", bench.server.plain);
    let ours = home.hallpass(&["request", "plain", "/things/1"]);
    let mut contenders = vec![Contender::new("hallpass", ours)];
    curl(bench, &mut contenders, "curl", &[&url]);
    xh(bench, &mut contenders, &["--body", "GET", &url]);
    let repeated = |contender: Contender| contender.repeated(starts, SCALED_BY);
    let mut contenders: Vec<Contender> = contenders.into_iter().map(repeated).collect();
    let taken = crate::measure::side_by_side(&mut contenders, bench.extent.long, false)?;
    let row = Row::of(&taken, milliseconds).beside(&taken);
    let mut row = told(&[&bench.tools.curl, &bench.tools.xh], row);
    row.others
        .push(format!("measured: {starts} processes, times {SCALED_BY}"));
    Ok(row)
}
