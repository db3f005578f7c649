//! What would pass a glance and fail later, or go astray, and is therefore refused when a definition
//! is read; and what looks like it and is right. Single places: `definitions`.

use std::path::Path;

use hallpass::definition::report::Problem;
use hallpass::definition::{Definitions, Integration};

const OAUTH: &str = r#"
[[integrations.x.parameters]]
name = "shop"
format = "label"
[[integrations.x.parameters]]
name = "free"
optional = true
[integrations.x.auth]
type = "oauth2"
grant = "authorization_code"
client_id = "id"
authorization_url = "https://h.example/a"
token_url = "https://h.example/t"
"#;

const KEY: &str = "[integrations.x.auth]\ntype = \"api_key\"\n";

fn problems(text: &str) -> Vec<Problem> {
    let path = Path::new("integrations.toml");
    Definitions::of_text(path, text.to_owned()).all().problems
}

fn get(text: &str, key: &str) -> hallpass::error::Result<Integration> {
    Definitions::of_text(Path::new("integrations.toml"), text.to_owned()).get(key)
}

#[track_caller]
fn passes(text: &str) {
    let said: Vec<String> = problems(text).into_iter().map(|p| p.message).collect();
    assert_eq!(said, Vec::<String>::new(), "{text}");
}

/// The one problem that a text has.
#[track_caller]
fn refused(text: &str, message: &str) -> Problem {
    let mut problems = problems(text);
    assert_eq!(problems.len(), 1, "{text}\n{problems:#?}");
    let problem = problems.remove(0);
    assert!(problem.message.contains(message), "{}", problem.message);
    problem
}

#[test]
fn a_name_is_kept_once() {
    let capture =
        "[integrations.x.auth.capture]\nrealm = { from = \"token\", pattern = \"[a-z]+\" }\n";
    let step = "[[integrations.x.auth.steps]]\nurl = \"https://h.example/s\"\n";
    let loose = "save = { realm = \"realm\" }\n";
    let hidden = "save = { realm = { path = \"realm\", secret = true } }\n";
    let lookup = "[integrations.x.auth.lookup]\nurl = \"https://h.example/l\"\n";
    for text in [
        format!("{OAUTH}{capture}{step}{loose}"),
        format!("{OAUTH}{capture}{lookup}{hidden}"),
        format!("{OAUTH}{step}{loose}{step}{hidden}"),
    ] {
        let host = "[integrations.x.api]\nbase_url = \"https://h.example/{realm}\"\n";
        let problem = refused(&format!("{text}{host}"), "`realm` is kept twice");
        assert!(problem.help.unwrap().contains("choose another name"));
    }
    passes(&format!(
        "{OAUTH}{capture}{step}save = {{ other = \"realm\" }}\n"
    ));
}

#[test]
fn all_that_a_name_in_a_host_may_stand_for_is_held_to_it() {
    let capture =
        "[integrations.x.auth.capture]\nfree = { from = \"token\", pattern = \"[a-z]+\" }\n";
    let api = "[integrations.x.api]\nbase_url = \"https://{free}.h.example\"\n";
    let text = format!("{OAUTH}{capture}{api}");
    refused(
        &text,
        "`{free}` stands in a host name, but anything may be typed",
    );
    let pinned = text.replace("optional = true", "optional = true\nformat = \"label\"");
    passes(&pinned);
    passes(&text.replace("name = \"free\"\noptional = true", "name = \"other\""));
    let hidden = pinned.replace("optional = true", "optional = true\nsecret = true");
    refused(&hidden, "but it is a secret");
    // A parameter named like a secret input is one, whether it says so or not.
    let own = "[[integrations.x.parameters]]\nname = \"api_key\"\npattern = \"[a-z]+\"\n";
    let api = "[integrations.x.api]\nbase_url = \"https://{api_key}.h.example\"\n";
    refused(
        &format!("{own}{KEY}{api}"),
        "`{api_key}` stands in a host name, but it is a secret",
    );
}

#[test]
fn inputs_are_not_made_of_inputs() {
    for (name, uses) in [
        ("username", "username"),
        ("username", "password"),
        ("password", "api_key"),
        ("username", "login"),
    ] {
        let text = |parameter: &str| {
            format!(
                "[[integrations.x.parameters]]\nname = \"{parameter}\"\n\
                 [integrations.x.values]\nlogin = \"{{username}}!\"\n\
                 [integrations.x.auth]\ntype = \"basic\"\n{name} = {{ template = \"{{{uses}}}/token\" }}\n"
            )
        };
        let named = if uses == "login" { "username" } else { uses };
        for parameter in [named, "email"] {
            let problem = refused(&text(parameter), "has no value here: inputs cannot be made");
            assert!(problem.help.unwrap().contains("`email`"));
        }
    }
    let jwt = "[integrations.x.auth]\ntype = \"jwt\"\n[integrations.x.auth.jwt]\nalg = \"HS256\"\n";
    let claims = format!("{jwt}claims = {{ x = \"{{jwt}}\" }}\n");
    refused(&claims, "`{jwt}` has no value here");
}

#[test]
fn a_renewal_inherits_nothing_that_only_an_exchange_has() {
    for name in ["code", "callback.realm", "redirect_uri", "state", "both"] {
        let text = format!(
            "{OAUTH}[integrations.x.auth.token]\n\
             params = {{ gone = \"{{{name}}}\", stays = \"{{client_id}}\" }}\n\
             headers = {{ X-Gone = \"{{{name}|base64}}\", X-Stays = \"yes\" }}\n\
             basic = [\"{{client_id}}\", \"{{{name}}}\"]\n\
             [integrations.x.values]\nboth = \"{{code}}:{{state}}\"\n"
        );
        let integration = get(&text, "x").unwrap();
        let (token, renewal) = (&integration.auth.token, &integration.auth.refresh.call);
        assert_eq!((token.params.len(), token.headers.len()), (2, 2), "{name}");
        assert!(token.basic.is_some());
        assert_eq!(
            (renewal.params.len(), renewal.headers.len()),
            (1, 1),
            "{name}"
        );
        assert_eq!(
            (&*renewal.params[0].0, &*renewal.headers[0].0),
            ("stays", "X-Stays")
        );
        assert!(renewal.basic.is_none(), "{name}");
        let own = "[integrations.x.auth.refresh]\nbasic = [\"{client_id}\", \"\"]\n";
        let integration = get(&format!("{text}{own}"), "x").unwrap();
        assert!(integration.auth.refresh.call.basic.is_some(), "{name}");
    }
}

#[test]
fn no_secret_stands_in_the_issuer() {
    let text = |grant: &str, issuer: &str| {
        format!(
            "[[integrations.x.parameters]]\nname = \"hidden\"\nsecret = true\n\
             [integrations.x.auth]\ntype = \"oauth2\"\ngrant = \"{grant}\"\nissuer = \"{issuer}\"\n"
        )
    };
    for grant in ["authorization_code", "client_credentials"] {
        let hidden = text(grant, "https://h.example/{hidden}");
        let problem = refused(&hidden, "`issuer` would put the secret `{hidden}` into");
        assert!(problem.why.unwrap().contains("in the open"));
        passes(&text(grant, "https://h.example/{client_id}"));
    }
}

#[test]
fn the_state_is_not_the_definitions() {
    for value in ["false", "\"mine\"", "\"{free}\"", "\"{state}\"", "1"] {
        let line = format!("authorization_params = {{ state = {value} }}\n");
        let problem = refused(&format!("{OAUTH}{line}"), "`state` is made by hallpass");
        assert!(problem.why.is_some() && problem.help.is_some());
    }
    passes(&format!(
        "{OAUTH}authorization_params = {{ echo = \"{{state}}\" }}\n"
    ));
}

#[test]
fn an_endpoint_is_the_same_when_renewing() {
    let moved = |url: &str| OAUTH.replace("https://h.example/t", url);
    let problem = refused(
        &moved("https://h.example/{callback.realm}"),
        "has no value here",
    );
    assert!(problem.help.unwrap().contains("`auth.capture`"));
    let refresh = "[integrations.x.auth.refresh]\nurl = \"https://h.example/{callback.realm}\"\n";
    refused(&format!("{OAUTH}{refresh}"), "has no value here");
    let kept = "[integrations.x.auth.capture]\nrealm = { from = \"callback\" }\n";
    passes(&format!("{}{kept}", moved("https://h.example/{realm}")));
    // The redirect as a whole is none of its parameters.
    let token = "[integrations.x.auth.token]\nparams = { r = \"{callback}\" }\n";
    let problem = refused(&format!("{OAUTH}{token}"), "`{callback}` is not known here");
    assert!(problem.help.unwrap().contains("{callback.NAME}"));
}

#[test]
fn a_nested_parameter_needs_json_when_renewing_too() {
    let nested = "[integrations.x.auth.refresh]\nparams = { a = { b = 1 } }\n";
    let token = |line: &str| format!("{OAUTH}[integrations.x.auth.token]\n{line}\n");
    for text in [
        OAUTH.to_owned(),
        token("encoding = \"form\""),
        token("method = \"PUT\""),
    ] {
        refused(&format!("{text}{nested}"), "which only JSON can carry");
        passes(&format!("{text}{nested}encoding = \"json\"\n"));
    }
    let json = token("encoding = \"json\"");
    passes(&format!("{json}{nested}"));
    refused(&format!("{json}{nested}encoding = \"form\"\n"), "only JSON");
}

#[test]
fn no_url_has_a_user_name_wherever_its_placeholders_stand() {
    let moved = |url: &str| OAUTH.replace("https://h.example/t", url);
    for url in [
        "https://me@{shop}.h.example/t",
        "https://me:pw@{shop}.h.example/t",
        "https://{shop}@h.example/t",
        "https://{shop}:{shop}@h.example",
        "https://@h.example/{shop}",
        "https://me@h.example",
    ] {
        refused(&moved(url), "has a user name in it");
    }
    for url in [
        "https://{shop}.h.example/@me?a=@#@",
        "https://h.example/{shop}@{shop}",
    ] {
        passes(&moved(url));
    }
    let values = "[integrations.x.values]\nbase = \"https://me@{shop}.h.example\"\n";
    refused(
        &format!("{}{values}", moved("{base}/t")),
        "this value is none",
    );
}

#[test]
fn allowed_hosts_are_exact() {
    let text = |host: &str| format!("{KEY}[integrations.x.api]\nallowed_hosts = ['{host}']\n");
    for host in [
        "*.h.example",
        "*",
        "h.example\\",
        "@h.example",
        "h .example",
        "h.example:x",
        "",
        "h,i",
        "%2A.h.example",
        "h.example/",
        "https://h.example",
        "h!.example",
        "(h)",
    ] {
        let problem = refused(&text(host), "is not a host");
        let why = problem.why.unwrap_or_default();
        assert_eq!(
            why.contains("hosts are exact"),
            host.starts_with('*'),
            "{host}"
        );
    }
    for host in [
        "h.example",
        "H-1.example:8443",
        "a_b.example",
        "[::1]:80",
        "127.0.0.1",
        "bücher.example",
    ] {
        passes(&text(host));
    }
}

#[test]
fn a_step_runs_at_some_moment() {
    let step = "[[integrations.x.auth.steps]]\nurl = \"https://h.example/s\"\n";
    refused(&format!("{OAUTH}{step}on = []\n"), "`on` is empty");
    passes(&format!("{OAUTH}{step}on = [\"refresh\"]\n"));
}

#[test]
fn what_extends_replaces_the_place_of_a_value() {
    let text = "[integrations.base.auth]\ntype = \"jwt\"\nusername = { env = \"A\" }\nclient_secret = { env = \"B\" }\n\
        [integrations.base.auth.jwt]\nalg = \"RS256\"\nkey = { env = \"C\" }\nttl = \"1m\"\n\
        [integrations.x]\nextends = \"base\"\n\
        [integrations.x.auth]\nusername = { template = \"me\" }\nclient_secret = { command = [\"pass\"] }\n\
        [integrations.x.auth.jwt]\nkey = { file = \"key.pem\" }\n";
    passes(text);
    let auth = get(text, "x").unwrap().auth;
    assert_eq!(auth.jwt.unwrap().ttl.as_secs(), 60);
}

#[test]
fn a_file_that_is_not_toml_does_not_make_what_is_extended_absent() {
    let own = "[integrations.x]\nextends = \"base\"\n";
    for base in [
        "[integrations.base.auth]\ntype = \"api_key\n",
        "[integrations.other]\nname = = 1\n[integrations.base.auth]\ntype = \"api_key\"\n",
        "[integrations.other]\nname = \"a\n",
    ] {
        let text = format!("{own}{base}");
        let said = problems(&text);
        let about = |what: &str| said.iter().filter(|p| p.message.contains(what)).count();
        assert!(about("this is not TOML") > 0, "{said:#?}");
        assert_eq!(about("there is no integration"), 0, "{said:#?}");
        match get(&text, "x") {
            Ok(integration) => assert_eq!(integration.auth.grant_name(), "api_key"),
            Err(failure) => {
                let said = format!("{failure:?}");
                assert!(said.contains("this is not TOML"), "{said}");
                assert!(said.contains("`base`, which `x` extends"), "{said}");
            }
        }
    }
}

fn values(lines: &str) -> String {
    format!("{KEY}[integrations.x.values]\n{lines}")
}

#[test]
fn values_may_use_each_other_in_any_order() {
    let text =
        values("a = \"{b}{c|hmac_sha256:d}\"\nb = \"{d}\"\nc = \"{d}\"\nd = \"{client_id}\"\n");
    passes(&text);
    let order: Vec<String> = get(&text, "x")
        .unwrap()
        .values
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    let at = |name: &str| order.iter().position(|known| known == name);
    assert!(
        at("d") < at("b") && at("b") < at("a") && at("c") < at("a"),
        "{order:?}"
    );
    let extended =
        "[integrations.y]\nextends = \"x\"\n[integrations.y.values]\nd = \"{z}\"\nz = \"1\"\n";
    passes(&format!("{text}{extended}"));
    // What a value comes to is held to its place, whatever the order.
    let api = "[integrations.x.api]\nbase_url = \"https://{b}.h.example\"\n";
    refused(
        &format!("{text}{api}"),
        "`{client_id}` stands in a host name",
    );
}

#[test]
fn a_circle_of_values_is_named() {
    refused(
        &values("a = \"{a}\"\n"),
        "`a` would be made of itself: a → a",
    );
    refused(
        &values(
            "z = \"{c}\"\na = \"{b}\"\nb = \"x{c|base64}\"\nc = \"{client_id|hmac_sha256:a}\"\n",
        ),
        "`a` would be made of itself: a → b → c → a",
    );
    let two = problems(&values(
        "a = \"{b}\"\nb = \"{a}\"\nc = \"{d}\"\nd = \"{c}{a}\"\n",
    ));
    assert_eq!(two.len(), 2, "{two:#?}");
}

#[test]
fn a_value_comes_to_so_many_placeholders_and_no_more() {
    let twice = |n: usize| format!("v{n} = \"{{v{0}}}{{v{0}}}\"\n", n - 1);
    let lines = "v0 = \"{client_id}\"\n".to_owned() + &(1..=40).map(twice).collect::<String>();
    let api = "[integrations.x.api]\nheaders = { A = \"{v40}\" }\n";
    let text = format!("{}{api}", values(&lines));
    refused(
        &text,
        "would be put together from more than 1,000 placeholders",
    );
    let wide = "{client_id}".repeat(1_000);
    passes(&values(&format!("a = \"{wide}\"\n")));
    refused(
        &values(&format!("a = \"{wide}{{now}}\"\n")),
        "1,000 placeholders",
    );
    // A long chain is as much to fill.
    let chain = |length: usize| {
        let line = |n: usize| format!("v{n} = \"{{v{}}}\"\n", n + 1);
        (0..length).map(line).collect::<String>() + &format!("v{length} = \"\"\n")
    };
    passes(&values(&chain(1_000)));
    refused(&values(&chain(1_001)), "1,000 placeholders");
}
