//! `token`: what every other command line pays for a credential.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::bench::Bench;
use crate::home::{Home, TOKEN};
use crate::keyring::Session;
use crate::measure::Contender;
use crate::row::{Row, milliseconds};

/// What starts and ends, and does nothing.
const NOTHING: [&str; 2] = ["/bin/true", "/usr/bin/true"];

pub(crate) fn in_a_file(bench: &Bench) -> Result<Row> {
    let home = Home::connected(&bench.server, 2)?;
    let mut contenders = vec![Contender::new(
        "hallpass",
        home.hallpass(&["token", "plain"]),
    )];
    if let Some(path) = NOTHING.iter().find(|path| Path::new(path).exists()) {
        let mut nothing = Command::new(path);
        nothing.env_clear();
        contenders.push(Contender::new("`true`", nothing));
    }
    let taken = bench.short(&mut contenders)?;
    Ok(Row::of(&taken, milliseconds).at_most_more(&taken, 1.0))
}

pub(crate) fn in_the_keychain(bench: &Bench) -> Result<Row> {
    let tools = &bench.tools;
    for tool in [&tools.dbus, &tools.keyring, &tools.secret_tool] {
        if !tool.is_here() {
            return Ok(Row::default().missing(tool.name, tool.remedy));
        }
    }
    let session = Session::start(tools)?;
    let mut home = Home::new(&bench.server, 2)?;
    home.set("HALLPASS_STORE", "keychain".to_owned());
    for (name, value) in session.variables() {
        home.set(name, value);
    }
    // This waits for the keyring.
    session.keep(tools, TOKEN)?;
    home.connect("plain", 3600)?;
    let mut contenders = vec![Contender::new(
        "hallpass",
        home.hallpass(&["token", "plain"]),
    )];
    contenders.extend(
        session
            .lookup(tools)
            .map(|lookup| Contender::new("`secret-tool`", lookup)),
    );
    let taken = bench.short(&mut contenders)?;
    Ok(Row::of(&taken, milliseconds).at_most(&taken, 0.9))
}

pub(crate) fn among_a_thousand(bench: &Bench) -> Result<Row> {
    let few = Home::connected(&bench.server, 2)?;
    let many = Home::connected(&bench.server, 1000)?;
    let mut contenders = [
        Contender::new("hallpass", many.hallpass(&["token", "plain"])),
        Contender::new("with 2", few.hallpass(&["token", "plain"])),
    ];
    let taken = bench.short(&mut contenders)?;
    Ok(Row::of(&taken, milliseconds).at_most_more(&taken, 3.0))
}
