//! docker's configuration: the registry in `credHelpers` of its config.json, and
//! `docker-credential-hallpass`, the name by which docker finds us in `PATH`.

use std::path::{Path, PathBuf};

use super::super::docker::{PROGRAM, key};
use super::{Setup, is_same, json, ourselves};
use crate::doctor::programs;
use crate::env;
use crate::error::{Failure, Kind, Result};
use crate::fs;
use crate::paths::Paths;

pub(super) fn run(setup: &Setup<'_>) -> Result<()> {
    let Some(docker) = &setup.integration.helpers.docker else {
        return Err(setup.not_named("docker = { registry = \"registry.example.com\" }"));
    };
    can_be_carried(setup)?;
    let registry = key(&docker.registry);
    let path = Paths::docker_config().ok_or_else(|| {
        Failure::new(
            Kind::Usage,
            "there is no home directory for docker's configuration",
        )
        .hint("set `HOME`, or `DOCKER_CONFIG` to docker's own directory")
    })?;
    let shown = path.display().to_string();
    let before = read(&path)?;
    let after = json::with_entry(&before, "credHelpers", &registry, "hallpass");
    let after = after.map_err(|why| unusable(&shown, &why))?;
    let link = link()?;
    if after.is_none() && link.is_none() {
        setup.already(&format!("docker asks hallpass for `{registry}`"));
        return Ok(());
    }
    let mut plan = Vec::new();
    if let Some((from, to)) = &link {
        let (from, to) = (from.display(), to.display());
        plan.push("A link will be made:".to_owned());
        plan.push(format!("  {from} -> {to}"));
    }
    if after.is_some() {
        plan.push(format!(
            "In `{shown}`, this will be written, and nothing else changed:"
        ));
        plan.push(format!(
            "  \"credHelpers\": {{ \"{registry}\": \"hallpass\" }}"
        ));
    }
    setup.agreed(&plan)?;
    if let Some((from, to)) = &link {
        make_link(from, to)?;
    }
    if let Some(after) = after {
        // Where it is a link, what it leads to is the file.
        let place = std::fs::canonicalize(&path).unwrap_or(path);
        fs::replace(&place, after.as_bytes()).map_err(|error| {
            Failure::caused(Kind::Usage, error)
                .context(format!("`{shown}` could not be written"))
                .hint("see that it is yours and that the disk has room, then run the command again")
        })?;
    }
    setup.done(&format!("docker now asks hallpass for `{registry}`."));
    Ok(())
}

/// docker runs a name alone, without any words of ours, and takes the
/// definition's own connection.
fn can_be_carried(setup: &Setup<'_>) -> Result<()> {
    if let Some(named) = setup.context.named() {
        let by_environment = env::var_os(env::HALLPASS_CONFIG).is_some_and(|path| named == path);
        let warning = "docker runs its helper without `--config`";
        if !by_environment {
            return Err(Failure::new(Kind::Usage, warning)
                .hint("put the definition into your own file, or set `HALLPASS_CONFIG` for docker too and run the command again"));
        }
        setup.context.ui.warn(&format!(
            "{warning}: it finds this connection only where `HALLPASS_CONFIG` is set too"
        ));
    }
    setup.mind_home();
    let (id, own) = (&setup.id, &setup.integration.connection);
    if id.name() != own {
        let key = id.integration();
        return Err(Failure::new(
            Kind::Usage,
            format!("docker cannot say which connection it wants: `{key}` alone means `{key}@{own}`"),
        )
        .hint(format!(
            "write `connection = \"{}\"` into the definition of `{key}`, or give `{id}` a definition of its own",
            id.name()
        )));
    }
    Ok(())
}

fn read(path: &Path) -> Result<String> {
    let bytes = match fs::read_whole(path) {
        Ok(bytes) => bytes,
        Err(error) if error.is_absent() && path.is_symlink() => {
            return Err(unusable(
                &path.display().to_string(),
                "it is a link that leads nowhere",
            ));
        }
        Err(error) if error.is_absent() => Vec::new(),
        Err(error) => return Err(unusable(&path.display().to_string(), &error.why())),
    };
    String::from_utf8(bytes)
        .map_err(|_| unusable(&path.display().to_string(), "it is not text (UTF-8)"))
}

fn unusable(path: &str, why: &str) -> Failure {
    Failure::new(Kind::Usage, why)
        .context(format!("`{path}` cannot be changed, and is as it was"))
        .hint("mend it, then run the command again")
}

/// The link that has to be made so that docker finds us: its place, and what it
/// leads to; `None` where it does.
fn link() -> Result<Option<(PathBuf, PathBuf)>> {
    let to = ourselves()?;
    if let Some(found) = programs::find(PROGRAM) {
        if is_same(&found, &to) {
            return Ok(None);
        }
        let found = found.display();
        return Err(Failure::new(
            Kind::Usage,
            format!("`{found}` is another program than this hallpass, and docker would run it"),
        )
        .hint(format!(
            "remove it, or make it a link: `ln -sf {} {found}`",
            to.display()
        )));
    }
    let home = etcetera::home_dir().ok();
    let beside = to.parent();
    let path = env::var_os(env::PATH).unwrap_or_default();
    let dirs: Vec<PathBuf> = std::env::split_paths(&path)
        .filter(|dir| dir.is_absolute())
        .collect();
    let own = |dir: &&PathBuf| home.as_ref().is_some_and(|home| dir.starts_with(home));
    let beside = dirs.iter().filter(|dir| Some(dir.as_path()) == beside);
    let mut places = beside.chain(dirs.iter().filter(own));
    match places.find(|dir| cfg!(unix) && is_writable(dir)) {
        Some(dir) => Ok(Some((dir.join(PROGRAM), to))),
        None => Err(Failure::new(
            Kind::Usage,
            format!("docker needs `{PROGRAM}` in `PATH`, and there is no directory of yours for it"),
        )
        .hint(format!(
            "make it in a directory of `PATH`, then run the command again: `ln -s {} DIRECTORY/{PROGRAM}` (on Windows a copy, `{PROGRAM}.exe`)",
            to.display()
        ))),
    }
}

/// Whether something can be made in a directory that is there.
fn is_writable(dir: &Path) -> bool {
    dir.is_dir() && fs::probe_dir(dir).is_ok()
}

#[cfg(unix)]
fn make_link(from: &Path, to: &Path) -> Result<()> {
    std::os::unix::fs::symlink(to, from).map_err(|error| {
        let (from, to) = (from.display(), to.display());
        Failure::caused(Kind::Usage, error)
            .context(format!("the link `{from}` could not be made"))
            .hint(format!("make it yourself: `ln -s {to} {from}`"))
    })
}

/// No place was found for one.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps, reason = "the signature is shared")]
fn make_link(_from: &Path, _to: &Path) -> Result<()> {
    Ok(())
}
