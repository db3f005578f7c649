//! git's configuration: an empty helper, which takes those away that git would
//! ask before, and then hallpass; for this host alone, by git itself.

use super::{Setup, does, tool};
use crate::error::Result;

pub(super) fn run(setup: &Setup<'_>) -> Result<()> {
    let Some(git) = &setup.integration.helpers.git else {
        return Err(setup.not_named("git = { host = \"git.example.com\" }"));
    };
    let host = &git.host;
    let key = format!("credential.https://{host}.helper");
    let wanted = [String::new(), helper(setup)?];
    let before = values(&key)?;
    if before == wanted {
        setup.already(&format!("git asks hallpass for `{host}`"));
        return Ok(());
    }
    let reset = ["config", "--global", "--replace-all", &key, ""];
    let add = ["config", "--global", "--add", &key, &wanted[1]];
    let mut plan = vec![format!(
        "For `{host}`, git's global configuration will be changed by:"
    )];
    for words in [reset, add] {
        plan.push(format!("  git {}", shell_words::join(words)));
    }
    for other in before.iter().filter(|other| !other.is_empty()) {
        plan.push(format!("This helper goes: {other}"));
    }
    setup.agreed(&plan)?;
    does("git", &reset)?;
    does("git", &add)?;
    setup.done(&format!("git now asks hallpass for `{host}`."));
    Ok(())
}

/// What git runs, by a shell: its `PATH` may be another than this one.
fn helper(setup: &Setup<'_>) -> Result<String> {
    let mut words = setup.words(&["helper", "git"])?;
    // With the bare key, user names choose too.
    if setup.arg.name.is_some() {
        words.extend(["--connection".to_owned(), setup.conn()]);
    }
    Ok(format!("!{}", shell_words::join(words)))
}

/// The helpers that are set for the host.
fn values(key: &str) -> Result<Vec<String>> {
    // No value at all ends it with 1, which is no failure.
    let output = tool("git", &["config", "--global", "--null", "--get-all", key])?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let values = text.strip_suffix('\0').map(|text| text.split('\0'));
    Ok(values.map_or_else(Vec::new, |values| values.map(str::to_owned).collect()))
}
