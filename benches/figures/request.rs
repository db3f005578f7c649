//! `request` beside `curl` and `xh`, which get the credential's header on their command line.

use std::path::Path;

use anyhow::Result;

use crate::bench::{Bench, text};
use crate::home::{Home, TOKEN};
use crate::measure::Contender;
use crate::row::{Row, milliseconds, throughput};
use crate::tools::Tool;

/// The contenders of a row, those first that are compared.
type Contenders = Vec<Contender>;

pub(crate) fn over_http(bench: &Bench) -> Result<Row> {
    small(bench, "plain", &bench.server.plain)
}

pub(crate) fn over_https(bench: &Bench) -> Result<Row> {
    small(bench, "secure", &bench.server.secure)
}

fn small(bench: &Bench, connection: &str, origin: &str) -> Result<Row> {
    let mut home = Home::connected(&bench.server, 2)?;
    let authorities = text(&bench.authorities);
    home.set("SSL_CERT_FILE", authorities.clone());
    let url = format!("{origin}/small");
    let mut contenders = vec![Contender::new(
        "hallpass",
        home.hallpass(&["request", connection, "/small"]),
    )];
    curl(
        bench,
        &mut contenders,
        "curl",
        &["--cacert", &authorities, &url],
    );
    let verify = format!("--verify={authorities}");
    xh(bench, &mut contenders, &[&verify, "--body", "GET", &url]);
    let taken = bench.short(&mut contenders)?;
    let row = Row::of(&taken, milliseconds).at_most(&taken, 0.9);
    Ok(told(&[&bench.tools.curl, &bench.tools.xh], row))
}

pub(crate) fn download(bench: &Bench) -> Result<Row> {
    let home = Home::connected(&bench.server, 2)?;
    let bytes = bench.extent.bytes;
    let path = format!("/bytes/{bytes}");
    let url = format!("{}{path}", bench.server.plain);
    let output = bench.file("download");
    let out = text(&output);
    let ours = home.hallpass(&["request", "plain", &path, "-o", &out]);
    let mut contenders = vec![Contender::new("hallpass", ours)];
    curl(bench, &mut contenders, "curl", &["-o", &out, &url]);
    xh(
        bench,
        &mut contenders,
        &["--download", "--quiet", "--output", &out, "GET", &url],
    );
    let writing = |contender: Contender| contender.writing(&output, bytes);
    let mut contenders: Contenders = contenders.into_iter().map(writing).collect();
    large(bench, &mut contenders)
}

pub(crate) fn upload(bench: &Bench) -> Result<Row> {
    let home = Home::connected(&bench.server, 2)?;
    let file = bench.file("upload");
    fill(&file, bench.extent.bytes)?;
    let url = format!("{}/upload", bench.server.plain);
    let at = format!("@{}", text(&file));
    let ours = home.hallpass(&["request", "plain", "/upload", "--data-binary", &at]);
    let mut contenders = vec![Contender::new("hallpass", ours)];
    // With `--data-binary @FILE` curl reads all of the file before it sends any, and ends for want of
    // memory with one of 1 GiB (7.88); `-T` streams.
    curl(
        bench,
        &mut contenders,
        "curl -T",
        &["-X", "POST", "-T", &text(&file), &url],
    );
    xh(bench, &mut contenders, &["--body", "POST", &url, &at]);
    let row = large(bench, &mut contenders);
    std::fs::remove_file(&file)?;
    row
}

fn large(bench: &Bench, contenders: &mut [Contender]) -> Result<Row> {
    let taken = bench.long(contenders)?;
    let row = Row::of(&taken, |taken| throughput(taken, bench.extent.bytes));
    let row = row.with_throughput(&taken, 0.95, 32);
    Ok(told(&[&bench.tools.curl, &bench.tools.xh], row))
}

/// A file of so many bytes.
fn fill(path: &Path, bytes: u64) -> Result<()> {
    use std::io::Write as _;
    let block = crate::wire::block();
    let dir = path.parent().unwrap_or(path);
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    let mut left = bytes;
    while left > 0 {
        let part = usize::try_from(left).map_or(block.len(), |left| left.min(block.len()));
        file.write_all(&block[..part])?;
        left -= part as u64;
    }
    file.persist(path)?;
    Ok(())
}

/// Adds curl, without whatever its user has configured.
pub(crate) fn curl(bench: &Bench, to: &mut Contenders, label: &'static str, args: &[&str]) {
    let header = format!("Authorization: Bearer {TOKEN}");
    let usual = ["--disable", "--silent", "--show-error", "--header", &header];
    let args = [&usual[..], args].concat();
    to.extend(
        bench
            .tools
            .curl
            .command(&args)
            .map(|curl| Contender::new(label, curl)),
    );
}

/// Adds xh.
pub(crate) fn xh(bench: &Bench, to: &mut Contenders, args: &[&str]) {
    let header = format!("Authorization:Bearer {TOKEN}");
    let args = [&["--ignore-stdin"], args, &[&header]].concat();
    to.extend(
        bench
            .tools
            .xh
            .command(&args)
            .map(|xh| Contender::new("xh", xh)),
    );
}

/// Says which tools are not here; without the first there is nothing to judge by.
pub(crate) fn told(tools: &[&Tool], mut row: Row) -> Row {
    if tools.first().is_some_and(|first| !first.is_here()) {
        row.compared = String::new();
        row.met = None;
    }
    let missing = tools.iter().filter(|tool| !tool.is_here());
    missing.fold(row, |row, tool| row.missing(tool.name, tool.remedy))
}
