//! When two values are the same (JSON Schema Core 2020-12 §4.2.2): numbers by value, objects without regard to order.
//! And whether an array holds one twice: hashes find the candidates, comparison decides, so a hash that collides costs
//! work, which is counted, and never a wrong answer.

use std::cmp::Ordering;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

use crate::budget::{Budget, Exhausted};
use crate::number;
use crate::view::View;

/// Below this, comparing each with each is cheaper than hashing.
const SMALL: usize = 12;

/// Whether the two are the same JSON value.
pub(crate) fn equal(left: View<'_>, right: View<'_>, budget: &mut Budget) -> Result<bool, Exhausted> {
    budget.spend(1)?;
    Ok(match (left, right) {
        (View::Null, View::Null) => true,
        (View::Bool(left), View::Bool(right)) => left == right,
        (View::Number(left), View::Number(right)) => number::compare(left, right) == Ordering::Equal,
        (View::String(left), View::String(right)) => {
            budget.spend(left.len() >> 7)?;
            left == right
        }
        (View::Array(left), View::Array(right)) => {
            if left.len() != right.len() {
                return Ok(false);
            }
            for (left, right) in left.iter().zip(right) {
                if !equal(left.into(), right.into(), budget)? {
                    return Ok(false);
                }
            }
            true
        }
        (View::Object(left), View::Object(right)) => {
            if left.len() != right.len() {
                return Ok(false);
            }
            for (name, left) in left {
                let same = match right.get(name) {
                    Some(right) => equal(left.into(), right.into(), budget)?,
                    None => false,
                };
                if !same {
                    return Ok(false);
                }
            }
            true
        }
        _ => false,
    })
}

/// Whether no two items are the same.
pub(crate) fn all_differ(items: &[Value], budget: &mut Budget) -> Result<bool, Exhausted> {
    if items.len() <= SMALL {
        let mut rest = items;
        while let Some((item, others)) = rest.split_first() {
            for other in others {
                if equal(item.into(), other.into(), budget)? {
                    return Ok(false);
                }
            }
            rest = others;
        }
        return Ok(true);
    }
    // Chained buckets: the head of each chain by hash, and for each item its hash and the next one in its chain.
    let buckets = items.len().next_power_of_two();
    let mut heads: Vec<Option<usize>> = vec![None; buckets];
    let mut chained: Vec<(u64, Option<usize>)> = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let hash = hash(item, budget)?;
        let bucket = usize::try_from(hash & (buckets as u64).saturating_sub(1)).unwrap_or_default();
        let Some(head) = heads.get_mut(bucket) else { continue };
        let mut next = *head;
        while let Some((earlier, (other, after))) = next.and_then(|index| Some((index, *chained.get(index)?))) {
            budget.spend(1)?;
            if other == hash
                && let Some(earlier) = items.get(earlier)
                && equal(item.into(), earlier.into(), budget)?
            {
                return Ok(false);
            }
            next = after;
        }
        chained.push((hash, *head));
        *head = Some(index);
    }
    Ok(true)
}

/// A hash that equal values share.
fn hash(value: &Value, budget: &mut Budget) -> Result<u64, Exhausted> {
    budget.spend(2)?;
    let mut hasher = DefaultHasher::new();
    match value {
        Value::Null => 0_u8.hash(&mut hasher),
        Value::Bool(bool) => (1_u8, bool).hash(&mut hasher),
        Value::Number(number) => (2_u8, number::key(number)).hash(&mut hasher),
        Value::String(string) => {
            budget.spend(string.len() >> 6)?;
            (3_u8, string).hash(&mut hasher);
        }
        Value::Array(items) => {
            4_u8.hash(&mut hasher);
            for item in items {
                hash(item, budget)?.hash(&mut hasher);
            }
        }
        Value::Object(members) => {
            5_u8.hash(&mut hasher);
            // A sum does not depend on the order of the members, which two equal objects need not share.
            let mut sum: u64 = 0;
            for (name, value) in members {
                budget.spend(name.len() >> 6)?;
                let mut member = DefaultHasher::new();
                (name, hash(value, budget)?).hash(&mut member);
                sum = sum.wrapping_add(member.finish());
            }
            sum.hash(&mut hasher);
        }
    }
    Ok(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn same(left: &Value, right: &Value) -> bool {
        equal(left.into(), right.into(), &mut Budget::new()).unwrap()
    }

    #[test]
    fn values_are_equal_by_meaning_not_by_form() {
        for (left, right, equal) in [
            (json!(1), json!(1.0), true),
            (json!([1, {"a": 2.0, "b": null}]), json!([1.0, {"b": null, "a": 2}]), true),
            (json!(0), json!(false), false),
            (json!(null), json!(false), false),
            (json!(""), json!(null), false),
            (json!([]), json!({}), false),
            (json!([1, 2]), json!([2, 1]), false),
            (json!({"a": 1}), json!({"b": 1}), false),
            (json!({"a": 1}), json!({"a": 1, "b": 1}), false),
        ] {
            assert_eq!(same(&left, &right), equal, "{left} {right}");
            if equal {
                let mut budget = Budget::new();
                assert_eq!(hash(&left, &mut budget).unwrap(), hash(&right, &mut budget).unwrap(), "{left} {right}");
            }
        }
    }

    #[test]
    fn a_repeated_item_is_found_among_few_and_among_many() {
        for count in [0_usize, 1, 2, SMALL, SMALL + 1, 100, 20_000] {
            let mut items: Vec<Value> = (0..count).map(|index| json!({"id": index, "tags": [index]})).collect();
            assert!(all_differ(&items, &mut Budget::new()).unwrap(), "{count}");
            if let Some(last) = count.checked_sub(2) {
                items.push(json!({"tags": [f64::from(u32::try_from(last).unwrap())], "id": last}));
                assert!(!all_differ(&items, &mut Budget::new()).unwrap(), "{count}");
            }
        }
    }

    #[test]
    fn a_hundred_thousand_items_are_compared_within_the_budget() {
        let items: Vec<Value> = (0..100_000).map(|index| json!(index)).collect();
        assert!(all_differ(&items, &mut Budget::new()).unwrap());
    }
}
