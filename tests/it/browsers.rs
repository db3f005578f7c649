//! Where a browser opens, where it cannot, and what the person is told then: over SSH, in a container,
//! without a display, on WSL. The programs that would open one are the test's.

use std::path::PathBuf;

use crate::support::{Cmd, Home, Recorder, Run, eventually};

const PLAIN: &str = r#"
[integrations.x.auth]
type = "oauth2"
grant = "authorization_code"
authorization_url = "ORIGIN/it's?b=1"
token_url = "ORIGIN/token"
client_id = "id"
"#;
const SSH: (&str, &str) = ("SSH_CONNECTION", "198.51.100.7 5100 203.0.113.5 2222");

/// A machine with just these programs, each of which notes what it was started with.
struct Machine {
    home: Home,
    _recorder: Recorder,
}

impl Machine {
    fn with(programs: &[&str]) -> Machine {
        Machine::of("", programs)
    }

    fn of(more: &str, programs: &[&str]) -> Machine {
        let recorder = Recorder::start();
        let home = recorder.home(&format!("{PLAIN}{more}"));
        for name in programs {
            let note = home.path().join(format!("{name}.started"));
            let script = format!(
                "#!/bin/sh\nprintf '%s\\n' \"$@\" > {0}.part\n/bin/mv {0}.part {0}\nexit 1\n",
                shell_words::quote(&note.to_string_lossy())
            );
            let path = home.write(&format!("bin/{name}"), &script);
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
            std::fs::set_permissions(path, mode).unwrap();
        }
        std::fs::create_dir_all(home.path().join("bin")).unwrap();
        Machine {
            home,
            _recorder: recorder,
        }
    }

    fn hallpass(&self, args: &[&str], variables: &[(&str, &str)]) -> Cmd {
        let variables = variables.iter();
        let cmd = self
            .home
            .hallpass(args)
            .env("PATH", self.home.path().join("bin"));
        cmd.envs(variables.map(|(name, value)| (*name, (*value).to_owned())))
    }

    /// Connects at a terminal for as long as nobody comes.
    #[track_caller]
    fn connect(&self, variables: &[(&str, &str)]) -> Run {
        let args = ["connect", "x", "--timeout", "50ms", "--color", "never"];
        let (process, _terminal) = self.hallpass(&args, variables).spawn_at_terminal();
        process.wait().fails_with(4)
    }

    fn note(&self, program: &str) -> PathBuf {
        self.home.path().join(format!("{program}.started"))
    }

    /// What a program was started with.
    #[track_caller]
    fn started(&self, program: &str) -> Vec<String> {
        let text = eventually(program, || std::fs::read_to_string(self.note(program)).ok());
        text.lines().map(str::to_owned).collect()
    }

    /// Asserts that the link was only printed.
    #[track_caller]
    fn only_printed(&self, run: &Run) {
        assert!(run.stderr.contains("Open this link to connect:"), "{run}");
        let started = self.home.files();
        let noted = started
            .iter()
            .any(|path| path.to_string_lossy().contains(".started"));
        assert!(!noted, "{started:?}");
    }

    /// What doctor says of the browser.
    #[track_caller]
    fn doctor(&self, variables: &[(&str, &str)]) -> String {
        let args = ["doctor", "--json"];
        let (process, _terminal) = self.hallpass(&args, variables).spawn_at_terminal();
        let report = process.wait().json();
        let findings = report["findings"].as_array().unwrap();
        let own = findings
            .iter()
            .find(|finding| finding["subject"] == "browser");
        own.unwrap()["message"].as_str().unwrap().to_owned()
    }
}

fn link(run: &Run) -> String {
    let mut lines = run.stderr.lines().map(str::trim_end);
    let link = lines.find(|line| line.starts_with("http://"));
    link.expect("a link").to_owned()
}

fn port(run: &Run) -> u16 {
    let link = url::Url::parse(&link(run)).unwrap();
    let mut pairs = link.query_pairs();
    let (_, uri) = pairs.find(|(name, _)| name == "redirect_uri").unwrap();
    url::Url::parse(&uri).unwrap().port().unwrap()
}

#[cfg(not(target_os = "macos"))]
#[test]
fn at_a_display_the_browser_opens_with_the_link_as_one_argument() {
    for variable in ["DISPLAY", "WAYLAND_DISPLAY"] {
        let machine = Machine::with(&["xdg-open"]);
        // In a container too, where somebody gave it a display.
        let run = machine.connect(&[(variable, ":9"), ("container", "podman")]);
        assert!(run.stderr.contains("Your browser opens."), "{run}");
        assert_eq!(machine.started("xdg-open"), [link(&run)]);
    }
}

#[cfg(not(target_os = "macos"))]
#[test]
fn over_ssh_nothing_opens_and_the_line_for_the_other_machine_is_shown() {
    let machine = Machine::with(&["xdg-open"]);
    let run = machine.connect(&[SSH, ("DISPLAY", ":9"), ("USER", "me")]);
    machine.only_printed(&run);
    let port = port(&run);
    let way = format!("ssh -N -L {port}:127.0.0.1:{port} -p 2222 me@203.0.113.5");
    let lines: Vec<&str> = run.stderr.lines().map(str::trim).collect();
    let at = lines.iter().position(|line| *line == way);
    let shown = lines.iter().position(|line| *line == link(&run));
    assert!(at > shown, "after the link\n{run}");
    let last = lines.last().unwrap();
    assert!(last.starts_with("hint:") && last.contains(&way), "{run}");
    assert!(
        machine
            .doctor(&[SSH])
            .contains("over SSH links are printed")
    );
    assert!(machine.doctor(&[SSH]).contains("`ssh -L`"));

    // Nor does it need a terminal, or a wish to open anything.
    for browser in ["", "none"] {
        let args = ["connect", "x", "--timeout", "50ms"];
        let run = machine
            .hallpass(
                &args,
                &[SSH, ("LOGNAME", "me"), ("HALLPASS_BROWSER", browser)],
            )
            .run()
            .fails_with(4);
        assert!(run.stderr.contains("\n  ssh -N -L "), "{run}");
        assert!(run.stderr.contains(" me@203.0.113.5\n"), "{run}");
    }
}

#[test]
fn over_ssh_the_line_is_for_the_address_that_the_browser_is_sent_to() {
    let free = || {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let (listens, seen) = (free(), free());
    let six = std::net::TcpListener::bind("[::1]:0").is_ok();
    for (more, way) in [
        (
            format!("redirect = {{ host = \"localhost\", ports = [{listens}] }}"),
            format!("ssh -N -L {listens}:127.0.0.1:{listens} "),
        ),
        (
            format!("redirect = {{ host = \"::1\", ports = [{listens}] }}"),
            format!("ssh -N -L '{listens}:[::1]:{listens}' "),
        ),
        // The provider knows another port, on the person's own machine.
        (
            format!(
                "redirect = {{ ports = [{listens}] }}\nredirect_uri = \"http://localhost:{seen}/callback\""
            ),
            format!("ssh -N -L {seen}:127.0.0.1:{listens} "),
        ),
    ] {
        if more.contains("::1") && !six {
            continue;
        }
        let run = Machine::of(&more, &[]).connect(&[SSH]);
        assert!(run.stderr.contains(&way), "{way}\n{run}");
    }
    // A relay has its own way to wherever it leads.
    let relay = "redirect_uri = \"https://relay.example.com/back\"";
    let run = Machine::of(relay, &[]).connect(&[SSH]);
    assert!(!run.stderr.contains("ssh -N"), "{run}");
}

#[cfg(not(target_os = "macos"))]
#[test]
fn without_a_display_nothing_opens_in_the_persons_terminal() {
    let machine = Machine::with(&["xdg-open", "gio", "www-browser", "w3m"]);
    let run = machine.connect(&[("TERM", "xterm")]);
    machine.only_printed(&run);
    // Which of the two this is depends on where the test runs.
    let told = ["There is no display here:", "This is a container:"];
    assert!(told.iter().any(|told| run.stderr.contains(told)), "{run}");
    assert!(
        run.stderr.contains("paste that page's whole address here"),
        "{run}"
    );
    assert!(!run.stderr.contains("ssh -N"), "{run}");
    assert!(machine.doctor(&[]).contains("there is no display"));

    for variable in [
        ("container", "podman"),
        ("KUBERNETES_SERVICE_HOST", "10.0.0.1"),
    ] {
        let run = machine.connect(&[variable]);
        machine.only_printed(&run);
        assert!(run.stderr.contains("This is a container:"), "{run}");
        assert!(run.stderr.contains("`--network host`"), "{run}");
        assert!(machine.doctor(&[variable]).contains("in this container"));
    }
    // Whoever did not ask to paste, and cannot be asked to, hears of it.
    let args = ["connect", "x", "--timeout", "50ms"];
    let run = machine.hallpass(&args, &[]).run().fails_with(4);
    assert!(run.stderr.contains("With `--paste`"), "{run}");
}

#[test]
fn the_browser_that_an_editor_names_opens_wherever_it_is() {
    let machine = Machine::with(&["code helper", "xdg-open"]);
    for variables in [
        [SSH, ("BROWSER", "'code helper' --openExternal")],
        [
            ("container", "x"),
            (
                "BROWSER",
                "no-such-program:w3m:'code helper' --openExternal %s",
            ),
        ],
    ] {
        let run = machine.connect(&variables);
        assert!(run.stderr.contains("Your browser opens."), "{run}");
        assert!(
            !run.stderr.contains("ssh -N"),
            "its editor forwards the port\n{run}"
        );
        let started = machine.started("code helper");
        assert_eq!(started, ["--openExternal".to_owned(), link(&run)]);
        assert!(!machine.note("xdg-open").exists());
        std::fs::remove_file(machine.note("code helper")).unwrap();
    }
    let said = machine.doctor(&[SSH, ("BROWSER", "'code helper' --openExternal")]);
    assert!(
        said.contains("links are opened with `code helper`"),
        "{said}"
    );

    // One that needs our terminal is no browser for this.
    let machine = Machine::with(&["w3m", "lynx"]);
    let lynx = machine.home.path().join("bin/lynx");
    let run = machine.connect(&[SSH, ("BROWSER", &format!("w3m:{}", lynx.display()))]);
    machine.only_printed(&run);
}

#[cfg(target_os = "linux")]
#[test]
fn on_wsl_windows_own_browser_opens() {
    let wsl = ("WSL_DISTRO_NAME", "Debian");
    let machine = Machine::with(&["wslview", "powershell.exe", "explorer.exe", "xdg-open"]);
    // WSLg has a display, and still it is Windows' browser that people use.
    let run = machine.connect(&[wsl, ("DISPLAY", ":0")]);
    assert!(run.stderr.contains("Your browser opens."), "{run}");
    assert_eq!(machine.started("wslview"), [link(&run)]);
    assert!(!machine.note("xdg-open").exists() && !machine.note("powershell.exe").exists());
    assert!(machine.doctor(&[wsl]).contains("`wslview`"));
    assert!(run.stderr.contains("in Windows beside WSL"), "{run}");

    let machine = Machine::with(&["powershell.exe", "explorer.exe"]);
    let run = machine.connect(&[wsl]);
    let started = machine.started("powershell.exe");
    let quoted = link(&run).replace('\'', "%27");
    assert!(quoted.contains("/it%27s?b=1&"), "{quoted}");
    let script = format!("Start-Process '{quoted}'");
    assert_eq!(
        started,
        ["-NoProfile", "-NonInteractive", "-Command", &script]
    );

    // A Windows without PowerShell on it is a test's alone: there is none on this machine.
    if !std::path::Path::new("/mnt/c/Windows").exists() {
        let machine = Machine::with(&["explorer.exe"]);
        let run = machine.connect(&[wsl]);
        assert_eq!(machine.started("explorer.exe"), [link(&run)]);
        let machine = Machine::with(&[]);
        let run = machine.connect(&[wsl]);
        assert!(run.stderr.contains("no browser could be started"), "{run}");
        assert!(run.stderr.contains("Open this link yourself:"), "{run}");
    }
    // Over SSH into it, nobody sits at that Windows.
    let machine = Machine::with(&["wslview"]);
    let run = machine.connect(&[wsl, SSH]);
    machine.only_printed(&run);
}
