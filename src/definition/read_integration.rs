//! One definition from its table: every half read by its own file, and what
//! they name between them held together.

use super::api::{self, Api};
use super::brand;
use super::extends::Merged;
use super::facts;
use super::helpers;
use super::names::Known;
use super::offline;
use super::parameter;
use super::read_auth;
use super::report::Problems;
use super::request;
use super::table::TableReader;
use super::template::Names;
use super::values;
use super::{BUILT_IN, INPUTS, Inherited, Integration, Place, is_key};

/// Reads one definition; `None` when nothing usable came out.
pub(super) fn read(key: &str, merged: Merged, problems: &Problems) -> Option<Integration> {
    let Merged { node, elsewhere } = merged;
    let node = &node;
    let path = format!("integrations.{key}");
    let mut table = TableReader::new(node, path.clone(), problems)?;
    let name = table.text("name");
    let description = table.text("description");
    let docs = table.text("docs");
    let icon = brand::icon(&mut table);
    let color = brand::color(&mut table);
    let connection = connection(&mut table);
    let mut names = Names::default();
    for name in BUILT_IN.iter().chain(&INPUTS) {
        names.add(name);
    }
    let parameters = parameter::read_all(&mut table, &mut names);
    let auth_node = table.get("auth");
    let facts = facts::read(auth_node, &mut names, &parameters, problems);
    let values = values::read(&mut table, &mut names);
    let mut known = Known::new(names, facts, &parameters, &values);
    let auth = match auth_node {
        Some(node) => read_auth::read(node, &format!("{path}.auth"), &known, problems),
        None => {
            table.missing(
                "auth",
                "it says how to get a credential",
                &format!("add `[{path}.auth]` with a `type`"),
            );
            None
        }
    };
    let api = match table.get("api") {
        Some(node) => api::read(node, &format!("{path}.api"), &known, problems),
        None => Some(Api::default()),
    };
    let actions = request::actions(&mut table, &mut known);
    let helpers = helpers::read(&mut table);
    table.get("extends");
    let auth = auth.map(|(mut auth, sources)| {
        auth.inputs = read_auth::inputs(&auth, sources, &known);
        auth
    });
    let offline = offline::read(table.get("auth"), problems);
    table.finish();
    Some(Integration {
        key: key.to_owned(),
        name: name.unwrap_or_else(|| key.to_owned()),
        description,
        docs,
        icon,
        color,
        connection: connection.unwrap_or_else(|| "default".to_owned()),
        auth: auth?,
        api: api?,
        actions,
        helpers,
        offline,
        inherited: elsewhere.map(|key| Inherited::of(key, node)),
        place: Place {
            source: node.source.clone(),
            offset: node.span.start,
        },
        parameters,
        values,
    })
}

fn connection(table: &mut TableReader<'_>) -> Option<String> {
    let (name, node) = table.string("connection")?;
    if !is_key(name) {
        table.problems().add(node.problem(
            format!("`{name}` cannot be a connection's name"),
            "use lower-case letters, digits, `-` and `_`, beginning with a letter or digit",
        ));
        return None;
    }
    Some(name.to_owned())
}
