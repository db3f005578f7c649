//! Other tools' credential protocols, spoken as those tools speak them, and their own configuration.

mod docker;
mod git;
mod hosts;
#[cfg(unix)]
mod install;
mod kubectl;

use crate::support::{Home, Provider, Run};

/// Keys in the environment, so that nothing has to be connected.
pub const KEYS: [(&str, &str); 2] = [("KEY", "key-not-real"), ("OTHER", "other-not-real")];

/// What git and docker are to be given of an API key.
pub const KEYED: &str = r#"
[integrations.forge.auth]
type = "api_key"
api_key = { env = "KEY" }
[integrations.forge.api]
base_url = "https://api.forge.example"
[integrations.forge.helpers]
git = { host = "Forge.example:443" }
docker = { registry = "registry.forge.example:5000" }
"#;

/// A home with these definitions.
pub fn home(definitions: &str) -> Home {
    let home = Home::new();
    home.write("integrations.toml", definitions);
    home
}

/// A sandbox, and a home in which `sandbox` is connected and for git, docker and kubectl.
#[track_caller]
pub fn connected(ttl: &str) -> (Provider, Home) {
    let provider = Provider::start(&["--token-ttl", ttl]);
    let home = provider.home();
    home.edit(|text| {
        format!(
            "{text}\n[integrations.sandbox.helpers]\n\
             git = {{ host = \"git.example.com\", username = \"x-access-token\" }}\n\
             docker = {{ registry = \"ghcr.io\", username = \"someone\" }}\n\
             kubectl = {{ use = \"access_token\" }}\n"
        )
    });
    home.connect_untested("sandbox");
    (provider, home)
}

/// Has git's helper asked, with `KEYS` in the environment.
#[track_caller]
pub fn git(home: &Home, operation: &str, request: impl Into<Vec<u8>>) -> Run {
    let cmd = home.hallpass(&["helper", "git", operation]);
    cmd.envs(KEYS.map(|(name, value)| (name, value.to_owned())))
        .stdin(request)
        .run()
}

/// Has docker's helper asked, with `KEYS` in the environment.
#[track_caller]
pub fn docker(home: &Home, action: &str, input: impl Into<Vec<u8>>) -> Run {
    let cmd = home.hallpass(&["helper", "docker", action]);
    cmd.envs(KEYS.map(|(name, value)| (name, value.to_owned())))
        .stdin(input)
        .run()
}

/// The value of an attribute that git was given.
pub fn attribute<'a>(run: &'a Run, name: &str) -> Option<&'a str> {
    let mut lines = run.stdout.lines();
    lines.find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
}
