//! `hallpass import`: a connection that another machine sealed for this one.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;

use super::connect::choose_file;
use super::rename::named;
use crate::connection::{ConnectionArg, ConnectionId};
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::fs;
use crate::output;
use crate::settings::StoreKind;
use crate::store::{Item, MAX_PARCEL, ParcelError, UsableStore};
use crate::ui::escape;

/// Take in a connection that `hallpass export` sealed for this machine
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// What was exported; `-` is stdin
    #[arg(value_name = "FILE", required_unless_present = "recipient")]
    file: Option<PathBuf>,
    /// Give it this name instead of the one it had
    #[arg(long = "as", value_name = "NAME", conflicts_with = "recipient")]
    name: Option<String>,
    /// Print whom to export to for this machine (`age1…`)
    #[arg(long, conflicts_with = "file")]
    recipient: bool,
}

pub(super) fn run(args: &ImportArgs, context: &Context) -> Result<()> {
    let Some(file) = args.file.as_ref().filter(|_| !args.recipient) else {
        return output::line(&context.stores.recipient()?);
    };
    let what = match file.to_str() {
        Some("-") => "what stdin holds was not imported".to_owned(),
        _ => format!("`{}` was not imported", file.display()),
    };
    let sealed = read(file).map_err(|failure| failure.context(&what))?;
    let opened = context.stores.open_parcel(&sealed);
    let item = opened
        .map_err(|error| Failure::from(error).context(&what))?
        .item;
    let id = target(&item, args.name.as_deref())?;
    let arg = ConnectionArg {
        integration: id.integration().to_owned(),
        name: Some(id.name().to_owned()),
    };
    let definition = context
        .connection_unasked(&arg)
        .map(|(_, integration)| integration);
    let integration = definition.as_ref().ok();
    let item = context.broker().check_import(&id, integration, item)?;
    let store = choose_store(&id, context)?;
    let item = context.broker().import(&id, item, store)?;
    tell(&id, &item, store, context)?;
    if let Err(failure) = definition {
        context.ui.warn(&format!(
            "it cannot be used before its definition is here: {}",
            escape(&failure.message())
        ));
    }
    Ok(())
}

/// One byte more than it may be, so that what is too large shows.
fn read(file: &Path) -> Result<Vec<u8>> {
    let most = MAX_PARCEL as u64 + 1;
    let read = if file.as_os_str() == "-" {
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().take(most).read_to_end(&mut bytes);
        read.map(|_| bytes).map_err(anyhow::Error::from)
    } else {
        let read = fs::read_bytes(file, most, fs::PATIENCE);
        read.map(|(bytes, _)| bytes)
            .map_err(|error| anyhow::anyhow!(error.why()))
    };
    read.map_err(|error| {
        Failure::caused(Kind::Usage, error)
            .hint("name the file that `hallpass export` made, or `-` to read it from stdin")
    })
}

fn target(item: &Item, name: Option<&str>) -> Result<ConnectionId> {
    let id = item.id().ok_or(ParcelError::NotAConnection)?;
    match name {
        Some(name) => named(name, id.integration()),
        None => Ok(id),
    }
}

fn choose_store(id: &ConnectionId, context: &Context) -> Result<StoreKind> {
    let store = match context.stores.usable(id, None)? {
        UsableStore::Yes(store) => store,
        UsableStore::DefaultAbsent(why) => match choose_file(context, &why)? {
            Some(store) => store,
            None => return Err(why.into()),
        },
    };
    if store == StoreKind::None {
        return Err(Failure::new(
            Kind::Usage,
            format!("the store `none` keeps nothing, so `{id}` would be lost"),
        )
        .hint("name another store: `hallpass import FILE --store file`"));
    }
    Ok(store)
}

fn tell(id: &ConnectionId, item: &Item, store: StoreKind, context: &Context) -> Result<()> {
    let protection = context.stores.protection(store)?;
    let lines = [
        ("account", item.account.clone()),
        ("grant", Some(item.grant.clone())),
        ("may go to", Some(item.pin.to_string())),
        ("stored in", Some(store.name().to_owned())),
        ("protected by", Some(protection.text)),
    ];
    context.ui.note(&format!("Imported `{id}`:"));
    for (name, value) in lines {
        if let Some(value) = value {
            context.ui.note(&format!("  {name:<13}{}", escape(&value)));
        }
    }
    Ok(())
}
