//! One thing by its key, or by its bare name where that is unique in the scope.

use serde_json::json;

use crate::pull::problem::Problem;
use crate::pull::v1::noun::{Context, Noun, facts_in_scope};

/// Candidates that a 409 lists at most; a bare name that fits more is no name anyway.
const CANDIDATES_MAX: usize = 20;

/// The facts that `wanted` means.
///
/// # Errors
/// 404 when nothing in scope has that key or name, 409 with the candidates when several have that name.
pub fn find<'a, N: Noun<'a>>(context: &Context<'a>, wanted: &str) -> Result<&'a N::Facts, Problem> {
    let mut named = Vec::new();
    for facts in facts_in_scope::<N>(context) {
        if N::key(facts) == wanted {
            return Ok(facts);
        }
        if N::name(facts) == wanted {
            named.push(facts);
        }
    }
    match named.as_slice() {
        [] => Err(Problem::not_found(format!("No {} {wanted:?} in this scope", N::SINGULAR))),
        [one] => Ok(one),
        several => {
            let candidates = several.iter().take(CANDIDATES_MAX).map(|facts| {
                let owner = N::owner(facts).map(|place| context.owner(place));
                let (service, instance) = (owner.map(|one| one.service), owner.map(|one| one.instance));
                json!({ "key": N::key(facts), "name": wanted, "service": service, "instance": instance })
            });
            let detail = format!("{} {}s are named {wanted:?}: ask by key", several.len(), N::SINGULAR);
            Err(Problem::ambiguous(detail, candidates.collect()))
        }
    }
}
