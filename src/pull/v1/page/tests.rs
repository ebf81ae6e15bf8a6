//! Pages: the law is that walking the cursors yields every row once, in order.

use proptest::prelude::*;

use super::*;
use crate::pull::v1::sort::outside_name;

#[derive(Clone, Debug, PartialEq)]
struct Line {
    key: String,
    size: Option<f64>,
    name: String,
}

impl Row for Line {
    const FIELDS: &'static [&'static str] = &["size", outside_name("name")];

    fn key(&self) -> &str {
        &self.key
    }

    fn sort_value(&self, field: &str) -> SortValue {
        match field {
            "size" => self.size.into(),
            _ => self.name.as_str().into(),
        }
    }
}

fn lines() -> impl Strategy<Value = Vec<Line>> {
    let number = prop_oneof![Just(None), any::<f64>().prop_map(Some), (0_u8..3).prop_map(|few| Some(f64::from(few)))];
    let line = (number, "[a-c\u{e9}\"]{0,3}").prop_map(|(size, name)| Line { key: String::new(), size, name });
    prop::collection::vec(line, 0..40).prop_map(|mut lines| {
        for (number, line) in lines.iter_mut().enumerate() {
            line.key = format!("k{number}");
        }
        lines
    })
}

fn read(sort: &str, limit: usize, cursor: Option<&str>) -> Result<Page, Problem> {
    let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
    Page::read::<Line>(&Parameters::read(&format!("sort={sort}&limit={limit}{cursor}")), "name")
}

/// Walks all pages; `change` may alter the rows between two.
fn walk(mut rows: Vec<Line>, sort: &str, limit: usize, mut change: impl FnMut(&mut Vec<Line>)) -> Vec<Line> {
    let mut met = Vec::new();
    let mut cursor: Option<String> = None;
    for _ in 0..1000 {
        let (page, next) = read(sort, limit, cursor.as_deref()).unwrap().cut(rows.clone());
        assert!(page.len() <= limit);
        met.extend(page);
        match next {
            Some(next) => cursor = Some(next),
            None => return met,
        }
        change(&mut rows);
    }
    panic!("the walk does not end");
}

proptest! {
    /// Every row once, in the same order as one page with all of them, whatever the figures (NaN, infinities, unknown) are.
    #[test]
    fn walking_yields_every_row_once(rows in lines(), limit in 1_usize..7, sort in "-?(size|name)") {
        let (all, next) = read(&sort, 10_000, None).unwrap().cut(rows.clone());
        prop_assert_eq!(next, None);
        prop_assert_eq!(all.len(), rows.len());
        let keys = |lines: &[Line]| lines.iter().map(|line| line.key.clone()).collect::<Vec<_>>();
        prop_assert_eq!(keys(&walk(rows, &sort, limit, |_| ())), keys(&all));
    }

    /// Rows that come and go meanwhile neither hide a row that stays nor show one twice.
    #[test]
    fn rows_that_stay_are_met_once(rows in lines(), limit in 1_usize..7, gone in any::<prop::sample::Index>()) {
        let mut number = 0;
        let stays: Vec<String> = rows.iter().skip(1).map(|line| line.key.clone()).collect();
        let met = walk(rows, "name", limit, |rows| {
            rows.retain(|line| line.key != "k0");
            number += 1;
            if number < 5 {
                let at = gone.index(rows.len() + 1);
                rows.insert(at, Line { key: format!("new{number}"), size: None, name: "b".to_owned() });
            }
        });
        for key in stays {
            prop_assert_eq!(met.iter().filter(|line| line.key == key).count(), 1, "{}", key);
        }
    }

    /// Any text as a cursor is refused or understood, never a panic.
    #[test]
    fn any_cursor_is_answered(cursor in "[ -~]{0,80}") {
        let parameters = Parameters::read(&format!("cursor={cursor}"));
        let _ = Page::read::<Line>(&parameters, "name");
        let encoded = URL_SAFE_NO_PAD.encode(&cursor);
        let _ = Page::read::<Line>(&Parameters::read(&format!("cursor={encoded}")), "name");
    }
}

/// The unknown sorts last in both directions.
#[test]
fn unknown_is_last_either_way() {
    let line = |key: &str, size| Line { key: key.to_owned(), size, name: String::new() };
    let rows = vec![line("a", None), line("b", Some(1.0)), line("c", Some(2.0))];
    let order = |sort| {
        let (page, _) = read(sort, 10, None).unwrap().cut(rows.clone());
        page.into_iter().map(|line| line.key).collect::<String>()
    };
    assert_eq!(order("size"), "bca");
    assert_eq!(order("-size"), "cba");
}
