//! What the page after consenting shows of the service: its name, sentence, picture and colour; and
//! what of these the reader refuses.

use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use super::Waiting;
use crate::support::{Cmd, Home, Provider, http};

/// The least of a PNG and of an SVG that is told from something else.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\nnot-really";
const SVG: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\"/>";

/// A sandbox, and a home in which its definition has these further lines.
fn branded(lines: &str) -> (Provider, Home) {
    let provider = Provider::start(&[]);
    let home = provider.home();
    home.edit(|text| {
        text.replacen(
            "[integrations.sandbox]\n",
            &format!("[integrations.sandbox]\n{lines}\n"),
            1,
        )
    });
    (provider, home)
}

/// The page after consenting, whose policy must allow its own style and nothing else.
#[track_caller]
fn page(home: &Home) -> http::Page {
    let waiting = Waiting::start(home, &["--no-browser", "--no-test"]);
    let page = http::approve(waiting.link.as_str());
    waiting.process.wait().ok();
    let (_, rest) = page.body.split_once("<style>").expect("a style");
    let (style, _) = rest.split_once("</style>").expect("its end");
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(style));
    let allowed = format!("style-src 'sha256-{hash}';");
    assert!(policy(&page).contains(&allowed), "{}", policy(&page));
    page
}

fn policy(page: &http::Page) -> &str {
    page.headers["content-security-policy"].to_str().unwrap()
}

#[test]
fn the_page_carries_sentence_emoji_and_colour() {
    let (_provider, home) =
        branded("description = \"Beds & seeds\"\nicon = \"🌱\"\ncolor = \"#2e7d32\"");
    let page = page(&home);
    for part in [
        "Connected to Sandbox",
        "Beds &amp; seeds",
        "🌱",
        "--accent:#2e7d32",
    ] {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    assert!(!policy(&page).contains("img-src"), "{}", policy(&page));
}

#[test]
fn a_picture_beside_the_definitions_is_shown_inline() {
    for (name, bytes, media_type) in [
        ("logo.svg", SVG.as_bytes(), "image/svg+xml"),
        ("icons/logo.PNG", PNG, "image/png"),
    ] {
        let (_provider, home) = branded(&format!("icon = \"{name}\""));
        std::fs::create_dir_all(home.path().join("icons")).unwrap();
        let mut file = tempfile::NamedTempFile::new_in(home.path()).unwrap();
        std::io::Write::write_all(&mut file, bytes).unwrap();
        file.persist(home.path().join(name)).unwrap();
        home.hallpass(&["check"]).run().ok();
        let page = page(&home);
        let data = base64::engine::general_purpose::STANDARD.encode(bytes);
        let url = format!("src=\"data:{media_type};base64,{data}\"");
        assert!(page.body.contains(&url), "{name}: {}", page.body);
        assert!(
            policy(&page).contains("img-src data:;"),
            "{}",
            policy(&page)
        );
    }
}

#[test]
fn a_picture_that_cannot_be_shown_is_left_out_and_check_says_why() {
    for (content, why) in [
        (None, "cannot be read"),
        (Some("no picture".to_owned()), "not what its name says"),
        (
            Some(format!("<svg>{}</svg>", "x".repeat(64 * 1024))),
            "larger than 64 KiB",
        ),
    ] {
        let (_provider, home) = branded("icon = \"logo.svg\"");
        if let Some(content) = content {
            home.write("logo.svg", &content);
        }
        let run = home.hallpass(&["check"]).run().ok();
        assert!(
            run.stderr.contains("warning") && run.stderr.contains(why),
            "{run}"
        );
        let page = page(&home);
        assert!(!page.body.contains("<img"), "{}", page.body);
        assert!(!policy(&page).contains("img-src"), "{}", policy(&page));
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_in_a_pictures_place_holds_nobody_up() {
    let (_provider, home) = branded("icon = \"logo.svg\"");
    let pipe = home.path().join("logo.svg");
    Cmd::new("mkfifo", &[pipe.to_str().unwrap()]).run().ok();
    let run = home.hallpass(&["check"]).run().ok();
    assert!(run.stderr.contains("it is not a file"), "{run}");
    assert!(!page(&home).body.contains("<img"));
}

#[test]
fn icons_and_colours_are_held_to_what_can_be_shown() {
    let home = Home::new();
    let check = |lines: &str| {
        let text = format!(
            "[integrations.x]\n{lines}\n[integrations.x.auth]\ntype = \"oauth2\"\ngrant = \"client_credentials\"\ntoken_url = \"https://x.example.com/token\"\n"
        );
        home.write("integrations.toml", &text);
        home.hallpass(&["check", "--json"]).run()
    };
    for good in [
        "icon = \"Ki\"",
        "icon = \"ÄBC\"",
        "icon = \"🏴󠁧󠁢󠁥󠁮󠁧󠁿\"",
        "icon = \"👩‍👩‍👧‍👦\"",
        "icon = \"1️⃣\"",
        "color = \"#c40\"",
        "color = \"#2E7d32\"",
    ] {
        check(good).ok();
    }
    for (wrong, part) in [
        (
            "icon = \"https://x.example.com/i.png\"",
            "save the picture beside the definitions",
        ),
        (
            "icon = \"//x.example.com/i.png\"",
            "nothing is loaded from the network",
        ),
        (
            "icon = \"data:image/png;base64,AAAA\"",
            "nothing is loaded from the network",
        ),
        ("icon = \"../i.png\"", "not beside the definitions"),
        ("icon = \"/etc/i.png\"", "not beside the definitions"),
        (
            "icon = \"logo.bmp\"",
            "not a png, svg, jpeg, gif or webp file",
        ),
        (
            "icon = \"letter box\"",
            "neither an emoji, nor up to three letters",
        ),
        ("icon = \"\"", "empty"),
        ("icon = \"a\\u202eb\"", "control characters"),
        ("color = \"rebeccapurple\"", "#rrggbb"),
        ("color = \"#1234\"", "#rrggbb"),
        ("color = \"#ggg\"", "#rrggbb"),
    ] {
        let run = check(wrong).fails_with(3);
        assert!(run.stdout.contains(part), "{wrong}: {run}");
    }
}
