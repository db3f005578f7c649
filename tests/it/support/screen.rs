//! What a terminal shows after all that was written to it: the part of ECMA-48 that prompts use, on
//! a screen as wide as the longest line.

/// The lines of the screen, without colours and without blanks at their ends.
pub fn screen(written: &str) -> String {
    let mut screen = Screen::default();
    let mut chars = written.chars();
    while let Some(c) = chars.next() {
        match c {
            '\r' => screen.column = 0,
            '\n' => screen.row += 1,
            '\u{8}' => screen.column = screen.column.saturating_sub(1),
            '\u{7}' => {}
            '\u{1b}' => {
                assert_eq!(chars.next(), Some('['), "a sequence this does not know");
                let rest = chars.as_str();
                let end = rest.find(|c: char| ('@'..='~').contains(&c));
                let end = end.expect("the sequence ends");
                screen.control(&rest[..end], &rest[end..=end]);
                chars = rest[end + 1..].chars();
            }
            c => screen.put(c),
        }
    }
    let lines = screen.lines.iter().map(|line| {
        let line: String = line.iter().collect();
        line.trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

#[derive(Default)]
struct Screen {
    lines: Vec<Vec<char>>,
    row: usize,
    column: usize,
}

impl Screen {
    fn line(&mut self) -> &mut Vec<char> {
        if self.lines.len() <= self.row {
            self.lines.resize(self.row + 1, Vec::new());
        }
        &mut self.lines[self.row]
    }

    fn put(&mut self, c: char) {
        let column = self.column;
        let line = self.line();
        if line.len() <= column {
            line.resize(column + 1, ' ');
        }
        line[column] = c;
        self.column += 1;
    }

    fn control(&mut self, parameters: &str, name: &str) {
        let number = parameters.parse::<usize>().ok();
        let count = number.unwrap_or(1).max(1);
        let column = self.column;
        match (name, number) {
            ("A", _) => self.row = self.row.saturating_sub(count),
            ("B", _) => self.row += count,
            ("C", _) => self.column += count,
            ("D", _) => self.column = self.column.saturating_sub(count),
            ("G", _) => self.column = count - 1,
            ("K", None | Some(0)) => self.line().truncate(column),
            ("K", Some(2)) => self.line().clear(),
            ("J", None | Some(0)) => {
                self.line().truncate(column);
                let row = self.row;
                self.lines.truncate(row + 1);
            }
            // Colours, and whether the cursor is seen.
            ("m" | "h" | "l", _) => {}
            _ => panic!("a sequence this does not know: {parameters}{name}"),
        }
    }
}
