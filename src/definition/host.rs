//! Who may choose a host. Secrets go to the hosts of a definition's URLs, so
//! that every name in one has to be pinned down: by a format, by choices or by
//! a pattern; also through `values`.

use super::format::Format;
use super::names::{Fault, Known};
use super::report::Problems;
use super::tree::Node;
use super::url_template::{InHost, UrlTemplate};

impl Known<'_> {
    /// Holds a URL to values that cannot choose any host: every name in its
    /// host part is a parameter that is pinned down.
    pub(super) fn check_host(&self, url: &UrlTemplate, node: &Node, problems: &Problems) {
        if let Some(why) = url.start_fault() {
            let help = "begin what follows it with `/`, `?` or `#`";
            let mut problem = node.problem("the host is left open", help);
            problem.why = Some(why.to_owned());
            problems.add(problem);
        }
        for (place, name, range) in url.in_host() {
            if let Some(fault) = self.host_fault(name, place, self.values.len()) {
                let mut problem = fault.at(node);
                problem.span = node.text_span(&range);
                problems.add(problem);
            }
        }
    }

    /// `depth` bounds how far values are followed.
    fn host_fault(&self, name: &str, place: InHost, depth: usize) -> Option<Fault> {
        let Some(value) = self.value(name) else {
            return self.leaf_in_host(name, place);
        };
        let inside = |name: &str| {
            let leaves = self.leaves_of(name);
            leaves
                .into_iter()
                .find_map(|leaf| self.leaf_in_host(leaf, InHost::Inside))
        };
        if place == InHost::Inside {
            return inside(name);
        }
        // It goes in as it is, so all of it is held to what a host is held to.
        let url = UrlTemplate::new(value.template.clone());
        let lead = url.leading_text();
        let absolute = ["https://", "http://"]
            .iter()
            .any(|scheme| lead.starts_with(scheme));
        let whole = url.starts_with_value() || absolute;
        if !whole || url.has_user() || url.start_fault().is_some() || depth == 0 {
            return Some(Fault {
                message: format!("`{{{name}}}` is the start of a URL, but this value is none"),
                why: Some(WRONG_HOST),
                help: format!("begin the value `{name}` with `https://` and a host"),
            });
        }
        let at_start = |name: &str| {
            let mut in_host = url.in_host().into_iter();
            in_host.any(|(place, known, _)| place == InHost::Start && known == name)
        };
        value.template.names().find_map(|name| {
            if at_start(name) {
                self.host_fault(name, InHost::Start, depth - 1)
            } else {
                inside(name)
            }
        })
    }

    fn leaf_in_host(&self, leaf: &str, place: InHost) -> Option<Fault> {
        let fault = |message: String, help: String| {
            Some(Fault {
                message,
                why: Some(WRONG_HOST),
                help,
            })
        };
        let parameter = self.parameter(leaf);
        if let Some(kept) = self.kept(leaf) {
            if kept.secret {
                return Some(secret_in_host(leaf));
            }
            if !kept.pinned {
                return fault(
                    format!(
                        "`{{{leaf}}}` stands in a host name, but the provider may send anything for it"
                    ),
                    format!("give `{leaf}` a `pattern` that only the provider's own hosts match"),
                );
            }
            // What was typed for an optional parameter of that name goes
            // before it, and is held to the same.
            parameter?;
        }
        let Some(parameter) = parameter else {
            return fault(
                format!("`{{{leaf}}}` stands in a host name, but it is not a parameter"),
                "write the host out, or use a parameter with a `format`, `choices` or a `pattern`"
                    .to_owned(),
            );
        };
        if self.is_secret(leaf) {
            return Some(secret_in_host(leaf));
        }
        match place {
            InHost::Inside if !parameter.is_pinned() => fault(
                format!("`{{{leaf}}}` stands in a host name, but anything may be typed for it"),
                format!("give the parameter `{leaf}` a `format`, `choices` or a `pattern`"),
            ),
            InHost::Inside if parameter.format == Some(Format::Url) => fault(
                format!("`{{{leaf}}}` stands in a host name, but it is a whole URL"),
                format!("begin the URL with it: `{{{leaf}}}/…`"),
            ),
            InHost::Start if !parameter.is_url() => fault(
                format!("`{{{leaf}}}` is the start of a URL, but need not be one"),
                format!(
                    "give the parameter `{leaf}` `format = \"url\"`, a `pattern`, or `choices` that are URLs"
                ),
            ),
            _ => None,
        }
    }
}

fn secret_in_host(leaf: &str) -> Fault {
    Fault {
        message: format!("`{{{leaf}}}` stands in a host name, but it is a secret"),
        why: Some("host names are seen by others, and kept with the connection"),
        help: "use a value that is none".to_owned(),
    }
}

const WRONG_HOST: &str = "a wrong value could send the credential to another host";
