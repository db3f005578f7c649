//! What a connection keeps is held to the definition as it is now, whoever wrote it: a value that the
//! definition would not take leads nothing of the definition's own anywhere.

use serde_json::json;

use crate::support::{Home, Recorder, Reply, Run};

/// The ways to get a credential in which the definition has a secret of its own.
const WAYS: [(&str, &str); 3] = [
    (
        "consent",
        r#"
type = "oauth2"
grant = "authorization_code"
authorization_url = "{base}/authorize"
token_url = "{base}/token"
client_id = "id"
client_secret = { env = "OWN_SECRET" }
"#,
    ),
    (
        "minted",
        r#"
type = "oauth2"
grant = "client_credentials"
token_url = "{base}/token"
client_id = "id"
client_secret = { env = "OWN_SECRET" }
"#,
    ),
    (
        "typed",
        r#"
type = "api_key"
api_key = { env = "OWN_SECRET" }
"#,
    ),
];

/// The definition of `x`, whose `base` is one of these origins.
fn definition(auth: &str, origins: &[&Recorder]) -> String {
    let origins: Vec<&str> = origins.iter().map(|origin| origin.origin()).collect();
    format!(
        "[[integrations.x.parameters]]\nname = \"base\"\npattern = '{}'\n[integrations.x.auth]\n{auth}\n[integrations.x.api]\nbase_url = \"{{base}}/api\"\ntest = \"/me\"\n",
        origins.join("|").replace('.', "\\.")
    )
}

fn run(home: &Home, args: &[&str]) -> Run {
    home.hallpass(args)
        .env("OWN_SECRET", "own-secret-not-real")
        .env("HALLPASS_BROWSER", Home::sandbox_person())
        .run()
}

#[track_caller]
fn connect(home: &Home, to: &Recorder, more: &[&str]) -> Run {
    let base = format!("base={}", to.origin());
    let args = ["connect", "x", "--no-test", "--param", &base];
    run(home, &[&args[..], more].concat())
}

/// Every command that would send something.
fn sends_nothing(home: &Home, trap: &Recorder) {
    let before = trap.asked().len();
    for args in [
        &["token", "x"][..],
        &["token", "x", "--refresh"],
        &["request", "x", "/"],
        &["test", "x"],
        &["disconnect", "x"],
    ] {
        let run = run(home, args).exits(4);
        let typed_is_never_renewed = run.stderr.contains("which nothing renews");
        assert!(
            run.stderr.contains("`base`") || typed_is_never_renewed,
            "{run}"
        );
    }
    let status = run(home, &["status", "x"]);
    if status.code != Some(0) {
        assert!(
            status
                .stdout
                .contains("not one that the definition accepts"),
            "{status}"
        );
    }
    assert_eq!(trap.asked().len(), before, "{:#?}", trap.asked());
}

#[test]
fn what_another_machine_sealed_leads_no_secret_of_the_definition_elsewhere() {
    for (way, auth) in WAYS {
        let (provider, trap) = (Recorder::start(), Recorder::start());
        let sender = trap.home(&definition(auth, &[&trap]));
        connect(&sender, &trap, &[]).ok();
        let victim = provider.home(&definition(auth, &[&provider]));
        let to = run(&victim, &["import", "--recipient"])
            .ok()
            .line()
            .to_owned();
        let parcel = victim.path().join("parcel.age");
        let parcel = parcel.to_str().unwrap();
        run(&sender, &["export", "x", "--to", &to, "-o", parcel]).ok();

        let refused = run(&victim, &["import", parcel]).fails_with(4);
        assert!(refused.stderr.contains("`base`"), "{way}: {refused}");
        assert!(!victim.path().join("data").exists(), "{way}");
        // Taken in before its definition is there, it is held to that too.
        let text = std::fs::read_to_string(victim.path().join("integrations.toml")).unwrap();
        victim.write("integrations.toml", "");
        let run = run(&victim, &["import", parcel]).ok();
        assert!(
            run.stderr.contains(trap.origin()),
            "{way}: whom it goes to is said: {run}"
        );
        victim.write("integrations.toml", &text);
        sends_nothing(&victim, &trap);
    }
}

#[test]
fn a_pattern_that_is_narrowed_later_holds_what_was_typed_before() {
    for (way, auth) in WAYS {
        let (provider, trap) = (Recorder::start(), Recorder::start());
        let home = trap.home(&definition(auth, &[&provider, &trap]));
        connect(&home, &trap, &[]).ok();
        run(&home, &["token", "x"]).ok();
        home.write("integrations.toml", &definition(auth, &[&provider]));
        sends_nothing(&home, &trap);
        // What is refused is not kept on to by connecting again either.
        let missing = run(&home, &["connect", "x", "--force"]).fails_with(4);
        assert!(missing.stderr.contains("--param base="), "{way}: {missing}");
        connect(&home, &provider, &["--force"]).ok();
        run(&home, &["token", "x"]).ok();
    }
}

#[test]
fn what_answers_brought_is_held_to_the_definition_as_it_is_now() {
    let provider = Recorder::start();
    let capture = "[integrations.x.auth.capture]\nbase_url = { from = \"token\", path = \"token_type\", pattern = 'Bearer' }";
    let home = provider.consenting(capture);
    home.connect("x");
    home.token("x");
    home.edit(|text| text.replace("'Bearer'", "'Other'"));
    let run = run(&home, &["token", "x"]).fails_with(4);
    assert!(run.stderr.contains("`base_url`"), "{run}");
}

/// An issuer that says where its endpoints are.
fn issuer() -> Recorder {
    Recorder::answering(|asked, _| {
        let own = format!("http://{}", asked.header("host")?);
        let document = json!({
            "issuer": own,
            "authorization_endpoint": format!("{own}/authorize"),
            "token_endpoint": format!("{own}/token"),
            "revocation_endpoint": format!("{own}/revoke"),
        });
        let wanted = asked.path.contains(".well-known");
        wanted.then(|| Reply::json(200, &document))
    })
}

#[test]
fn what_another_machine_says_of_a_server_is_not_believed() {
    const ISSUER: &str = r#"
[integrations.x.auth]
type = "oauth2"
grant = "authorization_code"
issuer = "ORIGIN"
client_id = "id"
client_secret = { env = "OWN_SECRET" }
[integrations.x.api]
base_url = "ORIGIN/api"
"#;
    let provider = issuer();
    let victim = provider.home(ISSUER);
    let to = run(&victim, &["import", "--recipient"])
        .ok()
        .line()
        .to_owned();
    let trap = Recorder::start();
    let sender = provider.home(ISSUER);
    run(&sender, &["connect", "x", "--no-test"]).ok();
    let args = ["export", "x", "--to", &to, "--keep"];
    let sealed = run(&sender, &args).ok().stdout;
    let parcel = super::export_import::changed(&victim, &sealed, |item| {
        for name in ["token_endpoint", "revocation_endpoint"] {
            item["metadata"][name] = format!("{}/steal", trap.origin()).into();
        }
        item["pin"]["origins"] = json!([provider.origin(), trap.origin()]);
    });
    let parcel = victim.write("parcel.age", &parcel);
    let parcel = parcel.to_str().unwrap();
    run(&victim, &["import", parcel]).ok();
    run(&victim, &["token", "x", "--refresh"]).ok();
    assert_eq!(
        provider.last("/token").basic().unwrap(),
        "id:own-secret-not-real"
    );
    run(&victim, &["disconnect", "x"]).ok();

    // Nor where the definition comes later: then the issuer itself is asked, when it is needed.
    let text = std::fs::read_to_string(victim.path().join("integrations.toml")).unwrap();
    victim.write("integrations.toml", "");
    run(&victim, &["import", parcel]).ok();
    victim.write("integrations.toml", &text);
    let revoked = provider.asked_at("/revoke").len();
    for _ in 0..2 {
        run(&victim, &["token", "x", "--refresh"]).ok();
    }
    run(&victim, &["disconnect", "x"]).ok();
    assert!(provider.asked_at("/revoke").len() > revoked);
    assert_eq!(trap.asked().len(), 0, "{:#?}", trap.asked());
}

#[test]
fn what_needs_nobody_is_made_from_what_the_definition_says_now() {
    let provider = Recorder::start();
    let home = provider.home(
        r#"
[[integrations.x.parameters]]
name = "tenant"
default = "one"
pattern = "one"
[integrations.x.auth]
type = "oauth2"
grant = "client_credentials"
token_url = "ORIGIN/{tenant}/token"
client_id = "id"
client_secret = { env = "OWN_SECRET" }
"#,
    );
    run(&home, &["connect", "x"]).ok();
    home.edit(|text| text.replace("one", "two"));
    run(&home, &["token", "x"]).ok();
    assert_eq!(provider.asked_at("/two/token").len(), 1);
}

#[test]
fn a_blank_password_stays_one_when_the_definition_describes_it() {
    let provider = Recorder::start();
    let home = provider.home(
        r#"
[integrations.x.auth]
type = "basic"
username = "ada"
[integrations.x.api]
base_url = "ORIGIN/api"
"#,
    );
    home.hallpass(&["connect", "x", "--param", "password=-"])
        .stdin("\n")
        .run()
        .ok();
    home.edit(|text| {
        format!("{text}[[integrations.x.parameters]]\nname = \"password\"\nlabel = \"Word\"\n")
    });
    run(&home, &["request", "x", "/me"]).ok();
    assert_eq!(provider.last("/api/me").basic().as_deref(), Some("ada:"));
}
