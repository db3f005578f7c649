//! This machine's clock, held beside those of the providers: what is signed
//! here, and what expires there, goes by both.

use std::path::Path;

use super::network::{Reached, is_own};
use super::reach::Dated;
use super::{Finding, Remedy, Subject, Ward, renew};
use crate::clock::Timestamp;

/// How far off a clock may be, in seconds.
const TOLERANCE: u64 = 60;

/// Looks at the `Date` of the answers, and at tokens from the future.
pub(super) fn look(ward: &Ward, reached: &[Reached]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = compared(reached).into_iter().collect();
    let now = Timestamp::now();
    for patient in &ward.patients {
        let Some(record) = &patient.record else {
            continue;
        };
        if record.obtained_at.remaining(now).as_secs() <= TOLERANCE {
            continue;
        }
        let id = &patient.id;
        let message = format!(
            "the token of `{id}` was obtained in the future ({}): the clock was ahead then, or is behind now",
            record.obtained_at
        );
        let remedy = Remedy::run(renew(id)).and("set the clock first");
        findings.push(Finding::warning(Subject::Clock, message, remedy).of(id));
    }
    findings
}

/// A server may itself be wrong, so the one in the middle counts; one on this
/// machine goes by the clock that is in question, and counts only alone.
fn compared(reached: &[Reached]) -> Option<Finding> {
    let dated = |own: bool| -> Vec<(Dated, String)> {
        let here = reached.iter().filter(|one| is_own(one) == own);
        here.filter_map(|one| Some((one.answer.date?, crate::http::host_of(&one.url))))
            .collect()
    };
    let mut found = dated(false);
    if found.is_empty() {
        found = dated(true);
    }
    found.sort_by_key(|(date, _)| date.ahead);
    let (date, host) = found.get(found.len() / 2)?;
    Some(judge(*date, host))
}

fn judge(date: Dated, host: &str) -> Finding {
    let off = date.ahead.unsigned_abs();
    if off <= TOLERANCE + date.slack {
        let message = format!("the clock agrees with that of {host}");
        return Finding::ok(Subject::Clock, message);
    }
    let direction = if date.ahead > 0 { "behind" } else { "ahead" };
    let far = humantime::format_duration(std::time::Duration::from_secs(off));
    let message = format!(
        "this machine's clock is {far} {direction}, by that of {host}: signed tokens are refused, and what expires is misjudged"
    );
    Finding::warning(Subject::Clock, message, set_clock())
}

fn set_clock() -> Remedy {
    if cfg!(target_os = "macos") {
        return Remedy::run("sudo sntp -sS time.apple.com");
    }
    if cfg!(windows) {
        return Remedy::run("w32tm /resync");
    }
    if Path::new("/run/systemd/system").exists() {
        return Remedy::run("sudo timedatectl set-ntp true");
    }
    Remedy::fix(
        "set the clock (`date`), and let an NTP service keep it; in a container, the host's",
    )
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::super::reach::Answer;
    use super::*;

    fn reached(host: &str, ahead: i64) -> Reached {
        Reached {
            url: url::Url::parse(host).unwrap(),
            answer: Answer {
                status: 200,
                date: Some(Dated { ahead, slack: 2 }),
            },
        }
    }

    #[test]
    fn the_clock_in_the_middle_counts_and_the_own_one_only_alone() {
        let (own, one, two, three) = (
            "http://127.0.0.1:1",
            "https://a.example",
            "https://b.example",
            "https://c.example",
        );
        for (answers, is_off) in [
            (vec![(own, 3600)], true),
            (vec![(own, 62)], false),
            (vec![(own, 0), (one, 3600)], true),
            (vec![(one, 0), (two, 1), (three, 3600)], false),
            (vec![(one, -3600), (two, -3601), (three, 0)], true),
        ] {
            let shown = format!("{answers:?}");
            let answers: Vec<Reached> = answers
                .into_iter()
                .map(|(host, ahead)| reached(host, ahead))
                .collect();
            let finding = compared(&answers).unwrap();
            assert_eq!(finding.status == Status::Warning, is_off, "{shown}");
        }
        assert!(compared(&[]).is_none());
    }
}
