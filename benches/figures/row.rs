//! A row of the table: what was measured, what came out, and whether that is what was wanted.

use crate::measure::Taken;

const MIB: f64 = 1024.0 * 1024.0;

/// A row, in words.
#[derive(Default)]
pub(crate) struct Row {
    pub(crate) hallpass: String,
    /// What it is compared with.
    pub(crate) against: String,
    /// What else was measured.
    pub(crate) others: Vec<String>,
    /// The ratio, or the difference.
    pub(crate) compared: String,
    pub(crate) goal: String,
    /// `None` where there is no goal, or nothing to tell by.
    pub(crate) met: Option<bool>,
}

impl Row {
    /// Of times: the first is hallpass, the second what it is compared with, where that is here.
    pub(crate) fn of(taken: &[Taken], show: impl Fn(&Taken) -> String) -> Self {
        let named = |taken: &Taken| format!("{} {}", taken.label, show(taken));
        Row {
            hallpass: taken.first().map(&show).unwrap_or_default(),
            against: taken.get(1).map(named).unwrap_or_default(),
            others: taken.iter().skip(2).map(named).collect(),
            ..Row::default()
        }
    }

    /// Wants at most so many times what the other takes.
    pub(crate) fn at_most(mut self, taken: &[Taken], times: f64) -> Self {
        self.goal = format!("≤ {times} ×");
        if let [ours, theirs, ..] = taken {
            let ratio = ours.median() / theirs.median();
            self.compared = format!("{ratio:.2} ×");
            self.met = Some(ratio <= times);
        }
        self
    }

    /// The same, where nobody set a goal.
    pub(crate) fn beside(self, taken: &[Taken]) -> Self {
        Row {
            goal: String::new(),
            met: None,
            ..self.at_most(taken, 1.0)
        }
    }

    /// Wants at most so many milliseconds more than the other takes.
    pub(crate) fn at_most_more(mut self, taken: &[Taken], more: f64) -> Self {
        self.goal = format!("≤ {more} ms more");
        if let [ours, theirs, ..] = taken {
            let difference = (ours.median() - theirs.median()) * 1e3;
            self.compared = format!("{difference:+.2} ms");
            self.met = Some(difference <= more);
        }
        self
    }

    /// Wants so many times the other's throughput, within so many MiB.
    pub(crate) fn with_throughput(mut self, taken: &[Taken], times: f64, memory: u32) -> Self {
        self.goal = format!("≥ {times} × throughput, ≤ {memory} MiB");
        let [ours, others @ ..] = taken else {
            return self;
        };
        let fits = ours.memory.map(|kib| kib <= u64::from(memory) * 1024);
        if let [theirs, ..] = others {
            let ratio = theirs.median() / ours.median();
            self.compared = format!("{ratio:.2} ×");
            self.met = fits.map(|fits| fits && ratio >= times);
        }
        self
    }

    /// Something is not here.
    pub(crate) fn missing(mut self, name: &str, remedy: &str) -> Self {
        let missing = format!("{name}: not here (`{remedy}`)");
        if self.against.is_empty() {
            self.against = missing;
        } else {
            self.others.push(missing);
        }
        self
    }

    /// As a line of a table in Markdown.
    pub(crate) fn line(&self, what: &str) -> String {
        let met = match self.met {
            Some(true) => "yes",
            Some(false) => "**no**",
            None => "",
        };
        let cells = [
            what,
            &self.hallpass,
            &self.against,
            &self.others.join("; "),
            &self.compared,
            &self.goal,
            met,
        ];
        format!("| {} |", cells.join(" | "))
    }
}

/// Median and minimum.
pub(crate) fn milliseconds(taken: &Taken) -> String {
    let (median, minimum) = (taken.median() * 1e3, taken.minimum() * 1e3);
    format!("{median:.2} ({minimum:.2}) ms")
}

/// Median and minimum, the throughput of so many bytes, and the peak memory.
pub(crate) fn throughput(taken: &Taken, bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "nobody counts them")]
    let mib = |bytes: u64| bytes as f64 / MIB;
    let memory = taken
        .memory
        .map(|kib| format!(", {:.0} MiB", mib(kib * 1024)));
    format!(
        "{:.0} ({:.0}) ms, {:.0} MiB/s{}",
        taken.median() * 1e3,
        taken.minimum() * 1e3,
        mib(bytes) / taken.median(),
        memory.unwrap_or_default()
    )
}
