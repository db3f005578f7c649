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
    /// The host in its normal form, with its port where it is not 443.
    pub host: String,
    /// The user name that goes with the token.
    pub username: Option<String>,
}

/// For docker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DockerHelper {
    /// The registry's host in its normal form, with its port where it is not 443.
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

impl Helpers {
    /// The hosts that get the credential.
    pub fn hosts(&self) -> impl Iterator<Item = &str> {
        let git = self.git.as_ref().map(|git| git.host.as_str());
        let docker = self.docker.as_ref().map(|docker| docker.registry.as_str());
        git.into_iter().chain(docker)
    }
}

/// Whether a host that was asked about is exactly the one a definition names:
/// in any case of its letters, 443 being the port that is not written. Another
/// spelling that would lead there all the same (`github.com.`, `127.1`) is not.
pub fn is_host_named(named: &str, asked: &str) -> bool {
    let Some((host, port)) = host_and_port(asked) else {
        return false;
    };
    let asked = asked.to_lowercase();
    // What the parser made of it has to be what was written, or its Punycode:
    // letters that only look like ASCII are another spelling too.
    let is_as_written = match asked.strip_suffix(&format!(":{port}")) {
        Some(rest) => rest == host || is_punycode_of(&host, rest),
        None => asked == host || is_punycode_of(&host, &asked),
    };
    is_as_written && host_and_port(named) == Some((host, port))
}

fn host_and_port(text: &str) -> Option<(String, u16)> {
    if !super::api::is_host(text) {
        return None;
    }
    let url = url::Url::parse(&format!("https://{text}")).ok()?;
    Some((url.host_str()?.to_owned(), url.port_or_known_default()?))
}

fn is_punycode_of(host: &str, written: &str) -> bool {
    let (host, written) = (host.split('.'), written.split('.'));
    host.clone().count() == written.clone().count()
        && host.zip(written).all(|(host, written)| {
            host == written || !written.is_ascii() && host.starts_with("xn--")
        })
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
    let (host, port) = host_and_port(host)?;
    let host = match port {
        443 => host,
        port => format!("{host}:{port}"),
    };
    Some((host, username))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_host_that_is_named_is_it() {
        for (named, asked) in [
            ("github.com", "github.com"),
            ("github.com", "GitHub.COM"),
            ("github.com", "github.com:443"),
            ("github.com:443", "github.com"),
            ("git.example.com:8443", "git.example.com:8443"),
            ("127.0.0.1:8443", "127.0.0.1:8443"),
            ("[::1]:8443", "[::1]:8443"),
            ("b\u{fc}cher.example", "b\u{fc}cher.example"),
            ("b\u{fc}cher.example", "xn--bcher-kva.example"),
            ("xn--bcher-kva.example", "B\u{dc}CHER.example"),
        ] {
            assert!(is_host_named(named, asked), "{named} {asked}");
        }
        for (named, asked) in [
            ("github.com", ""),
            ("github.com", "hub.com"),
            ("github.com", "evilgithub.com"),
            ("github.com", "github.com.evil.example"),
            ("github.com", "gist.github.com"),
            ("github.com", "github.com:8443"),
            ("github.com", "github.com:80"),
            ("github.com", "github.com:"),
            ("github.com", "github.com:0443"),
            ("github.com", "github.com."),
            ("github.com", "user@github.com"),
            ("github.com", "github.com/x"),
            ("github.com", "github.com?x"),
            ("github.com", "github.com#x"),
            ("github.com", "github.com\\x"),
            ("github.com", "github%2ecom"),
            ("github.com", " github.com"),
            ("github.com", "github\u{3002}com"),
            ("github.com", "\u{ff47}ithub.com"),
            ("github.com", "g\u{456}thub.com"),
            ("git.example.com:8443", "git.example.com"),
            ("127.0.0.1", "127.1"),
            ("127.0.0.1", "0x7f.0.0.1"),
            ("[::1]", "[0::1]"),
        ] {
            assert!(!is_host_named(named, asked), "{named} {asked}");
        }
    }
}
