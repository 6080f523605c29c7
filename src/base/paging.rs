//! Pages of long lists, found by the row next to them.

use crate::shared::list_page::ListPage;

/// Returns how many rows to read for a page of this size: one more than it shows tells whether
/// there is another page.
pub fn limit(size: usize) -> i64 {
    i64::try_from(size + 1).unwrap_or(i64::MAX)
}

/// Cuts rows that were read up to [`limit`] to the page, and returns its last one if more follow.
pub fn cut<T>(rows: &mut Vec<T>, size: usize) -> Option<&T> {
    let has_more = rows.len() > size;
    rows.truncate(size);
    rows.last().filter(|_| has_more)
}

/// A page's rows, and the places of its neighbours.
pub struct Page<T, C> {
    /// The rows, in the order of the list.
    pub rows: Vec<T>,
    /// The page before it, if there is one.
    pub previous: Option<ListPage<C>>,
    /// The page after it, if there is one.
    pub next: Option<ListPage<C>>,
}

/// Reads a page. `read` gets whether to read backwards, the row to read on from (or `None` for the
/// list's beginning) and how many rows to read; `cursor` returns a row's position.
///
/// # Errors
/// Those of `read`.
pub async fn read<T, C, E, R>(
    size: usize,
    place: ListPage<C>,
    cursor: impl Fn(&T) -> C,
    read: impl Fn(bool, Option<C>, i64) -> R,
) -> Result<Page<T, C>, E>
where
    R: Future<Output = Result<Vec<T>, E>>,
{
    let from = match place {
        ListPage::Previous(first) => {
            let mut rows = read(true, Some(first), limit(size)).await?;
            // Fewer rows are not a page of their own: the first page follows.
            if cut(&mut rows, size).is_some() {
                rows.reverse();
                let previous = rows.first().map(|row| ListPage::Previous(cursor(row)));
                let next = rows.last().map(|row| ListPage::Next(cursor(row)));
                return Ok(Page { rows, previous, next });
            }
            None
        }
        ListPage::First => None,
        ListPage::Next(last) => Some(last),
    };
    let has_previous = from.is_some();
    let mut rows = read(false, from, limit(size)).await?;
    let next = cut(&mut rows, size).map(|row| ListPage::Next(cursor(row)));
    // A page past the end has no rows; its link back leads to the first page.
    let previous =
        has_previous.then(|| rows.first().map_or(ListPage::First, |row| ListPage::Previous(cursor(row))));
    Ok(Page { rows, previous, next })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_page_leads_to_its_neighbours() {
        let page = async |place| {
            let read = |backwards: bool, from: Option<i64>, limit: i64| async move {
                let mut rows: Vec<i64> = (1..=7).collect();
                if backwards {
                    rows.reverse();
                }
                rows.retain(|row| from.is_none_or(|from| if backwards { *row < from } else { *row > from }));
                rows.truncate(limit as usize);
                Ok::<_, ()>(rows)
            };
            let page = super::read(3, place, |row| *row, read).await.expect("a page");
            (page.rows, page.previous, page.next)
        };
        use ListPage::{First, Next, Previous};
        for (place, rows, previous, next) in [
            (First, vec![1, 2, 3], None, Some(Next(3))),
            (Next(3), vec![4, 5, 6], Some(Previous(4)), Some(Next(6))),
            (Next(6), vec![7], Some(Previous(7)), None),
            (Next(7), vec![], Some(First), None),
            (Previous(7), vec![4, 5, 6], Some(Previous(4)), Some(Next(6))),
            // There are not enough rows before it.
            (Previous(4), vec![1, 2, 3], None, Some(Next(3))),
            (Previous(2), vec![1, 2, 3], None, Some(Next(3))),
        ] {
            assert_eq!(page(place).await, (rows, previous, next), "{place:?}");
        }
    }
}
