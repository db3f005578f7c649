//! Aligned columns for people.

/// Rows under headings, columns two spaces apart. Cells are escaped.
pub fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            row.iter()
                .map(|cell| crate::ui::escape(cell).into_owned())
                .collect()
        })
        .collect();
    let mut widths: Vec<usize> = headings.iter().map(|heading| heading.len()).collect();
    for row in &cells {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let headings: Vec<String> = headings.iter().map(ToString::to_string).collect();
    let mut text = String::new();
    for row in std::iter::once(&headings).chain(&cells) {
        let padded: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        text.push_str(padded.join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let rows = [
            vec!["github".to_owned(), "connected".to_owned()],
            vec!["x".to_owned(), "ümlaut".to_owned()],
        ];
        let text = table(&["CONNECTION", "STATE"], &rows);
        assert_eq!(
            text,
            "CONNECTION  STATE\ngithub      connected\nx           ümlaut\n"
        );
    }
}
