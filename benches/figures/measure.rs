//! Measuring programs side by side: each once to see that it works and to warm it up, then turn by
//! turn, so that what else the machine does hits all alike.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// How often a running program is asked for its peak memory.
const LOOK: Duration = Duration::from_millis(10);

/// A program to measure.
pub(crate) struct Contender {
    /// Its name in the table.
    pub(crate) label: &'static str,
    command: Command,
    /// How often it is started in one run, one after the other, and what the time is multiplied by.
    repeated: (u32, u32),
    /// What it writes, which is taken away before each run, and how long that is.
    output: Option<(PathBuf, u64)>,
}

/// What was measured of one program.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub(crate) label: &'static str,
    /// Seconds, ascending.
    seconds: Vec<f64>,
    /// Peak memory in KiB, the highest of all runs, where it was watched.
    pub(crate) memory: Option<u64>,
}

impl Contender {
    pub(crate) fn new(label: &'static str, mut command: Command) -> Self {
        command.stdin(Stdio::null());
        Self {
            label,
            command,
            repeated: (1, 1),
            output: None,
        }
    }

    /// Starts it this often in each run, in the place of so many times more.
    pub(crate) fn repeated(mut self, starts: u32, scaled_by: u32) -> Self {
        self.repeated = (starts, scaled_by);
        self
    }

    /// Takes this file away before each run, and sees that the first one writes so many bytes.
    pub(crate) fn writing(mut self, output: &Path, bytes: u64) -> Self {
        self.output = Some((output.to_owned(), bytes));
        self
    }

    /// Runs it once, and says what is wrong where it fails.
    pub(crate) fn try_out(&mut self) -> Result<()> {
        self.clear();
        let run = self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let run = run.output();
        let run = run.with_context(|| format!("{} does not start", self.label))?;
        if !run.status.success() {
            let said = String::from_utf8_lossy(&run.stderr);
            bail!("{} ended with {}: {}", self.label, run.status, said.trim());
        }
        if let Some((path, bytes)) = &self.output {
            let written = std::fs::metadata(path).map_or(0, |file| file.len());
            if written != *bytes {
                bail!("{} wrote {written} bytes of {bytes}", self.label);
            }
        }
        self.command.stdout(Stdio::null()).stderr(Stdio::null());
        Ok(())
    }

    fn clear(&self) {
        if let Some((output, _)) = &self.output {
            // It is not there before the first run.
            let _ = std::fs::remove_file(output);
        }
    }

    /// One run: seconds, and peak memory in KiB.
    fn run(&mut self, watched: bool) -> Result<(f64, Option<u64>)> {
        self.clear();
        let (starts, scaled_by) = self.repeated;
        let mut memory = None;
        let begun = Instant::now();
        for _ in 0..starts {
            let mut child = self.command.spawn()?;
            let status = if watched {
                let ended = AtomicBool::new(false);
                let pid = child.id();
                thread::scope(|scope| {
                    let looking = scope.spawn(|| watch(pid, &ended));
                    let status = child.wait();
                    ended.store(true, Ordering::Relaxed);
                    memory = memory.max(looking.join().unwrap_or_default());
                    status
                })?
            } else {
                child.wait()?
            };
            if !status.success() {
                bail!("{} ended with {status}", self.label);
            }
        }
        Ok((begun.elapsed().as_secs_f64() * f64::from(scaled_by), memory))
    }
}

/// The peak of a process's memory as Linux tells of it, until the process ends; it only ever grows.
fn watch(pid: u32, ended: &AtomicBool) -> Option<u64> {
    let mut peak = None;
    while !ended.load(Ordering::Relaxed) {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        peak = peak.max(kib);
        thread::sleep(LOOK);
    }
    peak
}

/// Runs them turn by turn; `watched` looks at their memory too.
pub(crate) fn side_by_side(
    contenders: &mut [Contender],
    runs: u32,
    watched: bool,
) -> Result<Vec<Taken>> {
    let mut taken: Vec<Taken> = Vec::new();
    for contender in contenders.iter_mut() {
        contender.try_out()?;
        taken.push(Taken {
            label: contender.label,
            seconds: Vec::new(),
            memory: None,
        });
    }
    for _ in 0..runs {
        for (contender, taken) in contenders.iter_mut().zip(&mut taken) {
            let (seconds, memory) = contender.run(watched)?;
            taken.seconds.push(seconds);
            taken.memory = taken.memory.max(memory);
        }
    }
    for (contender, taken) in contenders.iter().zip(&mut taken) {
        contender.clear();
        taken.seconds.sort_by(f64::total_cmp);
    }
    Ok(taken)
}

impl Taken {
    /// In seconds.
    pub(crate) fn median(&self) -> f64 {
        let middle = self.seconds.len() / 2;
        match self.seconds.len() {
            0 => f64::NAN,
            odd if odd % 2 == 1 => self.seconds[middle],
            _ => f64::midpoint(self.seconds[middle - 1], self.seconds[middle]),
        }
    }

    /// In seconds.
    pub(crate) fn minimum(&self) -> f64 {
        self.seconds.first().copied().unwrap_or(f64::NAN)
    }
}
