//! The kubeconfig: a user whose `exec` runs hallpass, put in by kubectl itself.
//! Where there is no kubectl, what to write there goes to stdout.

use serde_json::{Value, json};

use super::super::kubectl::{V1, not_named};
use super::{Setup, does};
use crate::doctor::programs;
use crate::error::{Failure, Kind, Result};
use crate::output;

pub(super) fn run(setup: &Setup<'_>) -> Result<()> {
    if setup.integration.helpers.kubectl.is_none() {
        return Err(not_named(&setup.integration));
    }
    let arg = setup.conn();
    let user = format!("hallpass-{arg}");
    let words = setup.words(&["helper", "kubectl", &arg])?;
    if programs::find("kubectl").is_none() {
        setup
            .context
            .ui
            .note("kubectl is not in `PATH`: put this under `users` of the kubeconfig.");
        return output::text(&yaml(&user, &words));
    }
    if has(&user, &words)? {
        setup.already(&format!("the kubeconfig has the user `{user}`"));
        return Ok(());
    }
    let mut call = vec![
        "config".to_owned(),
        "set-credentials".to_owned(),
        user.clone(),
        format!("--exec-api-version={V1}"),
        "--exec-interactive-mode=Never".to_owned(),
        format!("--exec-command={}", words[0]),
    ];
    // kubectl splits the value of this flag at commas.
    let args = words[1..]
        .iter()
        .map(|word| format!("--exec-arg={}", csv(word)));
    call.extend(args);
    let line = shell_words::join(&call);
    setup.agreed(&[
        format!("In the kubeconfig, the user `{user}` will be made or replaced by:"),
        format!("  kubectl {line}"),
    ])?;
    let call: Vec<&str> = call.iter().map(String::as_str).collect();
    does("kubectl", &call).map_err(|failure| {
        let yaml = yaml(&user, &words);
        failure
            .report(yaml)
            .hint("or put the above under `users` of the kubeconfig")
    })?;
    setup.done(&format!("The kubeconfig has the user `{user}` now."));
    setup.context.ui.hint(&format!(
        "have a context use it: `kubectl config set-context --current --user={user}`"
    ));
    Ok(())
}

/// Whether the kubeconfig has the user as it is to be.
fn has(user: &str, words: &[String]) -> Result<bool> {
    let output = does("kubectl", &["config", "view", "--output=json"])?;
    let config: Value = serde_json::from_slice(&output.stdout).map_err(|error| {
        Failure::caused(Kind::Usage, error)
            .context("what `kubectl config view` prints cannot be read")
            .hint("run it to see what is wrong with the kubeconfig")
    })?;
    let users = config["users"].as_array();
    let known = users.and_then(|users| users.iter().find(|known| known["name"] == user));
    let Some(exec) = known.map(|known| &known["user"]["exec"]) else {
        return Ok(false);
    };
    Ok(exec["apiVersion"] == V1
        && exec["command"] == words[0]
        && exec["args"] == json!(words[1..])
        && exec["interactiveMode"] == "Never")
}

/// A word as a flag that takes a list reads it back whole.
fn csv(word: &str) -> String {
    if word.contains([',', '"', '\n']) {
        format!("\"{}\"", word.replace('"', "\"\""))
    } else {
        word.to_owned()
    }
}

fn yaml(user: &str, words: &[String]) -> String {
    // Every JSON text is a YAML one.
    let quoted = |word: &String| Value::from(word.as_str()).to_string();
    let args: Vec<String> = words[1..].iter().map(quoted).collect();
    format!(
        "- name: {user}\n  user:\n    exec:\n      apiVersion: {V1}\n      interactiveMode: Never\n      command: {}\n      args: [{}]\n",
        quoted(&words[0]),
        args.join(", ")
    )
}
