//! `-F`: multipart/form-data, byte for byte.

use super::keyed_home;
use crate::support::{Asked, Home, Recorder};

/// What the API got, with the boundary as `B`.
fn sent(home_of: &Home, args: &[&str], stdin: &str) -> (Asked, String) {
    let recorder = Recorder::start();
    let home = keyed_home(recorder.origin(), "");
    let args = [&["request", "x", "/y"], args].concat();
    home.hallpass(&args)
        .dir(home_of.path())
        .stdin(stdin)
        .run()
        .ok();
    let asked = recorder.last("/y");
    let kind = asked.header("content-type").unwrap();
    let boundary = kind
        .strip_prefix("multipart/form-data; boundary=")
        .unwrap_or_else(|| panic!("{kind}"));
    assert!((20..=70).contains(&boundary.len()), "RFC 2046: {boundary}");
    let body = asked.body.replace(boundary, "B");
    let length = asked.header("content-length");
    assert_eq!(length, Some(asked.body.len().to_string()));
    (asked, body)
}

#[test]
fn parts_arrive_byte_for_byte_in_their_order() {
    let home = Home::new();
    home.write("a.png", "PNG\r\n--not a boundary\n");
    home.write("text", "held\n");
    let (asked, body) = sent(
        &home,
        &[
            "-F",
            "a=1;type=text/x; charset=utf-8",
            "--form-string",
            "b=@no;type=no",
            "-F",
            "file=@a.png",
            "-F",
            "held=<text",
            "-F",
            "other=@text;filename=\"n;1.json\";headers=\"X-Part: 1\"",
            "-F",
            "in=@-",
        ],
        "piped",
    );
    assert_eq!(asked.method, "POST");
    let expected = "--B
Content-Disposition: form-data; name=\"a\"
Content-Type: text/x; charset=utf-8

1
--B
Content-Disposition: form-data; name=\"b\"

@no;type=no
--B
Content-Disposition: form-data; name=\"file\"; filename=\"a.png\"
Content-Type: image/png

FILE
--B
Content-Disposition: form-data; name=\"held\"

HELD
--B
Content-Disposition: form-data; name=\"other\"; filename=\"n;1.json\"
Content-Type: application/json
X-Part: 1

HELD
--B
Content-Disposition: form-data; name=\"in\"; filename=\"-\"
Content-Type: application/octet-stream

piped
--B--
";
    let expected = expected
        .replace('\n', "\r\n")
        .replace("FILE", "PNG\r\n--not a boundary\n")
        .replace("HELD", "held\n");
    assert_eq!(body, expected);
}

#[cfg(unix)]
#[test]
fn no_name_of_a_file_or_a_field_ends_a_header() {
    let home = Home::new();
    let evil = "ü\"\r\nX-Evil: 1\r\n\r\n.txt";
    home.write(evil, "t");
    let quoted = evil.replace('"', "\\\"");
    let file = format!("f=@\"{quoted}\"");
    let field = "n\"\r\nX-Evil: 2=v";
    let (_, body) = sent(&home, &["-F", &file, "-F", field], "");
    assert_eq!(
        body,
        "--B\r\nContent-Disposition: form-data; name=\"f\"; \
         filename=\"ü%22%0D%0AX-Evil: 1%0D%0A%0D%0A.txt\"\r\nContent-Type: text/plain\r\n\r\nt\r\n\
         --B\r\nContent-Disposition: form-data; name=\"n%22%0D%0AX-Evil: 2\"\r\n\r\nv\r\n--B--\r\n"
    );
}

#[test]
fn several_files_of_a_field_are_parts_of_their_own() {
    let home = Home::new();
    home.write("a", "1");
    home.write("b,c", "2");
    let (_, body) = sent(&home, &["-F", "f=@a,\"b,c\";type=x/y"], "");
    let kinds = [
        "filename=\"a\"\r\nContent-Type: application/octet-stream\r\n\r\n1\r\n",
        "filename=\"b,c\"\r\nContent-Type: x/y\r\n\r\n2\r\n",
    ];
    for kind in kinds {
        assert!(body.contains(kind), "{body}");
    }
    assert_eq!(body.matches("name=\"f\";").count(), 2, "{body}");
}

#[test]
fn a_content_type_of_ones_own_takes_the_place_of_the_forms() {
    let recorder = Recorder::start();
    let home = keyed_home(recorder.origin(), "");
    let args = ["request", "x", "/y", "-F", "a=1", "-H", "Content-Type: x/y"];
    home.hallpass(&args).run().ok();
    let kind = recorder.last("/y").header("content-type");
    assert_eq!(kind.as_deref(), Some("x/y"));
}
