//! `helpers`: what the credential helpers of other tools may hand out, and to
//! whom. Read and held to its types here; the helpers themselves stand above.

use super::report::Problems;
use super::table::TableReader;
use super::tree::Node;

/// What credential helpers answer for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Helpers {
    /// git's credential helper.
    pub git: Option<GitHelper>,
    /// docker's.
    pub docker: Option<DockerHelper>,
    /// kubectl's.
    pub kubectl: Option<KubectlHelper>,
}

/// For git.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitHelper {
    /// The host, with its port where it is not 443.
    pub host: String,
    /// The user name that goes with the token.
    pub username: Option<String>,
}

/// For docker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DockerHelper {
    /// The registry's host, with its port where it is not 443.
    pub registry: String,
    /// The user name that goes with the token.
    pub username: Option<String>,
}

/// For kubectl.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KubectlHelper {
    /// Whether the ID token is handed out, and not the access token.
    pub uses_id_token: bool,
}

/// Reads `helpers`.
pub(super) fn read(table: &mut TableReader<'_>) -> Helpers {
    let path = table.name_of("helpers");
    let problems = table.problems();
    let node = table.get("helpers");
    let Some(mut inner) = node.and_then(|node| TableReader::new(node, path.clone(), problems))
    else {
        return Helpers::default();
    };
    let git = inner.get("git").and_then(|node| {
        let (host, username) = at_host(node, &format!("{path}.git"), "host", problems)?;
        Some(GitHelper { host, username })
    });
    let docker = inner.get("docker").and_then(|node| {
        let (registry, username) = at_host(node, &format!("{path}.docker"), "registry", problems)?;
        Some(DockerHelper { registry, username })
    });
    let kubectl = inner.get("kubectl").and_then(|node| {
        let mut table = TableReader::new(node, format!("{path}.kubectl"), problems)?;
        let words = [("id_token", true), ("access_token", false)];
        let uses_id_token = table.word("use", &words).unwrap_or(false);
        table.finish();
        Some(KubectlHelper { uses_id_token })
    });
    inner.finish();
    Helpers {
        git,
        docker,
        kubectl,
    }
}

fn at_host(
    node: &Node,
    path: &str,
    key: &'static str,
    problems: &Problems,
) -> Option<(String, Option<String>)> {
    let mut table = TableReader::new(node, path, problems)?;
    let host = table.string(key);
    let username = table.text("username");
    if !table.has(key) {
        table.missing(
            key,
            "the credential is handed out for that host alone",
            &format!("add `{key} = \"…\"`"),
        );
    }
    table.finish();
    let (host, node) = host?;
    if !super::api::is_host(host) {
        problems.add(node.problem(
            format!("`{host}` is not a host"),
            "write a host name, with a port where it is not 443",
        ));
        return None;
    }
    Some((host.to_ascii_lowercase(), username))
}
