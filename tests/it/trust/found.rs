//! Where a project file is looked for, and where it is not.

use std::fs;

use super::{PROJECT, Place, WORK};

#[test]
fn the_nearest_file_is_the_one() {
    let place = Place::with_project();
    place.trust();
    place.write("home/integrations.toml", "[integrations.mine]\n");
    assert_eq!(place.reaches(WORK, "github"), "project-github");
    assert_eq!(place.reaches(WORK, "mine"), "mine");
    place.write("home/work/deep/integrations.toml", "[integrations.mine]\n");
    place.refuses(WORK, "mine");
    assert_eq!(place.reaches(WORK, "github"), "own-github");
}

#[test]
fn inside_home_nothing_above_home_is_looked_at() {
    let place = Place::new();
    place.write("integrations.toml", PROJECT);
    assert_eq!(place.reaches(WORK, "github"), "own-github");
    assert_eq!(place.reaches("home", "github"), "own-github");
    let run = place.run(&["trust", "--yes"]).fails_with(3);
    assert!(run.stderr.contains("no project file to trust"), "{run}");
    // Home's own is.
    place.write("home/integrations.toml", PROJECT);
    place.refuses(WORK, "github");
    place.refuses("home", "github");
}

#[test]
fn outside_home_the_search_goes_on_upward() {
    let place = Place::new();
    place.write("integrations.toml", PROJECT);
    place.refuses("outside/deep", "github");
    assert_eq!(place.reaches("outside/deep", "mine"), "mine");
    place.cmd("outside/deep", &["trust", "--yes"]).run().ok();
    assert_eq!(place.reaches("outside/deep", "github"), "project-github");
}

#[cfg(unix)]
#[test]
fn home_is_known_through_a_link() {
    let place = Place::new();
    place.write("integrations.toml", PROJECT);
    std::os::unix::fs::symlink(place.at("home"), place.at("link")).unwrap();
    place
        .cmd(WORK, &["request", "github", "/x"])
        .env("HOME", place.at("link"))
        .run()
        .ok();
}

#[test]
fn the_users_own_file_is_no_project_file() {
    let place = Place::new();
    fs::create_dir_all(place.at("home/.config/hallpass/below")).unwrap();
    let here = "home/.config/hallpass/below";
    assert_eq!(place.reaches(here, "github"), "own-github");
    // One above it is still found.
    place.write("home/integrations.toml", PROJECT);
    place.refuses(here, "github");
    let own = place.at("home/.config/hallpass/integrations.toml");
    let own = own.to_str().unwrap();
    let run = place.run(&["trust", own, "--yes"]).ok();
    assert!(run.stderr.contains("needs no trusting"), "{run}");
}

#[test]
fn a_named_file_and_a_home_of_ones_own_turn_the_search_off() {
    let place = Place::with_project();
    let own = place.at("home/.config/hallpass/integrations.toml");
    let named = ["request", "github", "/x", "--config", own.to_str().unwrap()];
    place.run(&named).ok();
    let request = || place.cmd(WORK, &["request", "github", "/x"]);
    request().env("HALLPASS_CONFIG", &own).run().ok();
    let home = place.at("home/.config/hallpass");
    request().env("HALLPASS_HOME", &home).run().ok();
    let asked = place.recorder.asked_at("/own-github/x");
    assert_eq!(asked.len(), 3);
    let trust = place.cmd(WORK, &["trust"]).env("HALLPASS_HOME", &home);
    let run = trust.run().fails_with(3);
    assert!(run.stderr.contains("`HALLPASS_HOME` is set"), "{run}");
}

#[test]
fn a_project_is_enough_where_the_user_defines_nothing() {
    let place = Place::with_project();
    fs::remove_file(place.at("home/.config/hallpass/integrations.toml")).unwrap();
    place.refuses(WORK, "github");
    place.trust();
    assert_eq!(place.reaches(WORK, "github"), "project-github");
}

#[cfg(unix)]
#[test]
fn a_link_is_judged_by_what_it_leads_to() {
    let place = Place::with_project();
    let target = place.write(
        "home/shared/real.toml",
        "[integrations.linked.auth]\ntype = \"api_key\"\napi_key = { file = \"key.txt\" }\n[integrations.linked.api]\nbase_url = \"ORIGIN/linked\"\n",
    );
    place.write("home/shared/key.txt", "beside-the-target-not-real");
    place.write("home/work/deep/key.txt", "beside-the-link-not-real");
    let link = place.at("home/work/deep/integrations.toml");
    std::os::unix::fs::symlink(&target, &link).unwrap();
    place.refuses(WORK, "linked");
    // Trusted by the name it is found by, it is what that leads to.
    place.run(&["trust", "--yes", link.to_str().unwrap()]).ok();
    place.run(&["connect", "linked"]).ok();
    assert_eq!(place.reaches(WORK, "linked"), "linked");
    let said = place.recorder.last("/linked/x").header("authorization");
    assert_eq!(said.as_deref(), Some("Bearer beside-the-target-not-real"));
    place.write("home/shared/real.toml", "[integrations.linked]\n");
    place.refuses(WORK, "linked");
    // One that leads elsewhere is another file.
    place.write("home/shared/other.toml", PROJECT);
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(place.at("home/shared/other.toml"), &link).unwrap();
    place.refuses(WORK, "github");
}

#[cfg(target_os = "linux")]
#[test]
fn a_directory_whose_name_is_no_text_can_hold_one() {
    use std::os::unix::ffi::OsStrExt as _;
    let place = Place::new();
    let dir = place.at("home").join(std::ffi::OsStr::from_bytes(b"\xff"));
    fs::create_dir(&dir).unwrap();
    let file = place.write("home/work/integrations.toml", PROJECT);
    fs::rename(file, dir.join("integrations.toml")).unwrap();
    let request = || place.cmd("home", &["request", "github", "/x"]).dir(&dir);
    request().run().fails_with(3);
    place.cmd("home", &["trust", "--yes"]).dir(&dir).run().ok();
    request().run().ok();
    assert_eq!(place.recorder.asked_at("/project-github/x").len(), 1);
}

#[test]
fn what_is_hashed_is_what_is_parsed() {
    use hallpass::definition::Project;
    use sha2::{Digest as _, Sha256};
    let place = Place::with_project();
    let path = place.at("home/work/integrations.toml");
    let file = Project::read(&path);
    place.write("home/work/integrations.toml", "[integrations.other]\n");
    let text = &file.definitions().source().text;
    assert!(text.contains("staging"), "{text}");
    assert_eq!(file.sha256(), hex::encode(Sha256::digest(text)));
    assert_eq!(file.definitions().keys(), ["github", "staging"]);
}
