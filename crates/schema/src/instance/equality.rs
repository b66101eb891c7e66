//! When two values are equal (Core §4.2.2): numbers by value, objects without regard to order. And whether an array holds a value
//! twice (Validation §6.4.3).

use std::cmp::Ordering;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

use crate::budget::{Budget, Exhausted};
use crate::instance::number;

/// Returns whether two values are equal.
pub(crate) fn equal(left: &Value, right: &Value, budget: &mut Budget) -> Result<bool, Exhausted> {
    budget.spend(1)?;
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => Ok(number::compare(left, right) == Ordering::Equal),
        (Value::String(left), Value::String(right)) => {
            budget.spend(left.len() / 128)?;
            Ok(left == right)
        }
        (Value::Array(left), Value::Array(right)) => {
            if left.len() != right.len() {
                return Ok(false);
            }
            for (left, right) in left.iter().zip(right) {
                if !equal(left, right, budget)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Value::Object(left), Value::Object(right)) => {
            if left.len() != right.len() {
                return Ok(false);
            }
            for (name, left) in left {
                let Some(right) = right.get(name) else { return Ok(false) };
                if !equal(left, right, budget)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (left, right) => Ok(left == right),
    }
}

/// Returns whether no two items are equal.
///
/// Items with the same hash are compared. A stranger can make hashes collide, which costs steps of the budget.
pub(crate) fn are_unique(items: &[Value], budget: &mut Budget) -> Result<bool, Exhausted> {
    let mut by_hash: HashMap<u64, Vec<&Value>> = HashMap::with_capacity(items.len());
    for item in items {
        let earlier = by_hash.entry(hash(item, budget)?).or_default();
        for other in &*earlier {
            if equal(item, other, budget)? {
                return Ok(false);
            }
        }
        earlier.push(item);
    }
    Ok(true)
}

/// Returns a hash. Equal values have equal hashes.
fn hash(value: &Value, budget: &mut Budget) -> Result<u64, Exhausted> {
    budget.spend(4)?;
    let mut hasher = DefaultHasher::new();
    match value {
        Value::Null => 0_u8.hash(&mut hasher),
        Value::Bool(bool) => (1_u8, bool).hash(&mut hasher),
        Value::Number(number) => (2_u8, number::hash_key(number)).hash(&mut hasher),
        Value::String(string) => {
            budget.spend(string.len() / 64)?;
            (3_u8, string).hash(&mut hasher);
        }
        Value::Array(items) => {
            4_u8.hash(&mut hasher);
            for item in items {
                hash(item, budget)?.hash(&mut hasher);
            }
        }
        Value::Object(members) => {
            // The sum does not depend on the order of the members.
            let mut sum: u64 = 0;
            for (name, value) in members {
                budget.spend(name.len() / 64)?;
                let mut member = DefaultHasher::new();
                (name, hash(value, budget)?).hash(&mut member);
                sum = sum.wrapping_add(member.finish());
            }
            (5_u8, sum).hash(&mut hasher);
        }
    }
    Ok(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_equal_by_meaning_not_by_form() {
        for (left, right, expected) in [
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
            let mut budget = Budget::new();
            assert_eq!(equal(&left, &right, &mut budget).unwrap(), expected, "{left} {right}");
            if expected {
                assert_eq!(hash(&left, &mut budget).unwrap(), hash(&right, &mut budget).unwrap(), "{left} {right}");
            }
        }
    }

    #[test]
    fn a_repeated_item_is_found_among_few_and_among_many() {
        for count in [0_usize, 1, 2, 100, 20_000] {
            let mut items: Vec<Value> = (0..count).map(|index| json!({"id": index, "tags": [index]})).collect();
            assert!(are_unique(&items, &mut Budget::new()).unwrap(), "{count}");
            if let Some(last) = count.checked_sub(2) {
                items.push(json!({"tags": [f64::from(u32::try_from(last).unwrap())], "id": last}));
                assert!(!are_unique(&items, &mut Budget::new()).unwrap(), "{count}");
            }
        }
    }

    #[test]
    fn a_hundred_thousand_items_are_compared_within_the_budget() {
        let items: Vec<Value> = (0..100_000).map(|index| json!(index)).collect();
        assert!(are_unique(&items, &mut Budget::new()).unwrap());
    }
}
