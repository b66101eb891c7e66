//! Refuses a schema that applies itself to the same value: its evaluation would never end (Core §9.4.1).

use crate::document::location::Location;
use crate::document::schema_error::{SchemaError, SchemaErrorKind};
use crate::keywords::compiled::{InPlaceApplicator, Node, SchemaId};

#[derive(Clone, Copy, PartialEq)]
enum Mark {
    /// On the way from the start to the schema that is being visited.
    Open,
    /// Visited, with everything that it applies.
    Done,
}

/// Searches depth first along the schemas that are applied to the same value.
pub(crate) fn refuse_infinite_recursion(schemas: &[Node], locations: &[Location]) -> Result<(), SchemaError> {
    let mut marks: Vec<Option<Mark>> = vec![None; schemas.len()];
    for start in 0..schemas.len() {
        // Each entry is a schema to visit. With `true`, everything that it applies has been visited.
        let mut open: Vec<(SchemaId, bool)> = vec![(start, false)];
        while let Some((id, is_done)) = open.pop() {
            let Some(mark) = marks.get_mut(id) else { continue };
            if is_done {
                *mark = Some(Mark::Done);
                continue;
            }
            match mark {
                Some(Mark::Done) => continue,
                Some(Mark::Open) => {
                    let location = locations.get(id).cloned().unwrap_or_default();
                    return Err(SchemaErrorKind::InfiniteRecursion.at(&location));
                }
                None => *mark = Some(Mark::Open),
            }
            open.push((id, true));
            open.extend(applied_in_place(schemas, id).into_iter().map(|applied| (applied, false)));
        }
    }
    Ok(())
}

fn applied_in_place(schemas: &[Node], id: SchemaId) -> Vec<SchemaId> {
    let Some(Node::Keywords(keywords)) = schemas.get(id) else { return Vec::new() };
    let mut applied: Vec<SchemaId> = keywords.object.dependent_schemas.values().copied().collect();
    for applicator in &keywords.in_place {
        match applicator {
            InPlaceApplicator::Ref(id) | InPlaceApplicator::Not(id) => applied.push(*id),
            InPlaceApplicator::AllOf(ids) | InPlaceApplicator::AnyOf(ids) | InPlaceApplicator::OneOf(ids) => {
                applied.extend(ids);
            }
            InPlaceApplicator::If { condition, then, otherwise } => {
                applied.extend([Some(*condition), *then, *otherwise].into_iter().flatten());
            }
        }
    }
    applied
}
