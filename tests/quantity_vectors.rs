//! Holds `volguard::model::quantity` to the answers of Kubernetes' own library.
//!
//! `tests/vectors/quantity.json` was written by the Go program in `tests/vectors/generate`, which runs
//! `resource.ParseQuantity`, `Value` and `Cmp` of k8s.io/apimachinery over texts made for this purpose.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::cmp::Ordering;

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::json;
use volguard::model::quantity::{Quantity, Unit};

#[derive(Deserialize)]
struct Vectors {
    parse: Vec<Vector>,
    compared: Vec<String>,
    order: Vec<String>,
}

#[derive(Deserialize)]
struct Vector {
    text: String,
    exact: Option<String>,
    value: Option<String>,
    error: Option<String>,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("vectors/quantity.json")).unwrap()
}

#[test]
fn texts_are_parsed_as_go_parses_them() {
    let mut wrong = Vec::new();
    let vectors = vectors().parse;
    assert!(vectors.len() > 300);
    for Vector {
        text,
        exact,
        value,
        error,
    } in vectors
    {
        let ours = Quantity::parse(&text);
        match (ours, exact) {
            (Err(_), None) => assert!(error.is_some()),
            (Ok(ours), Some(exact)) => {
                if ours != Quantity::parse(&exact).unwrap() {
                    wrong.push(format!("{text:?} is {exact} and not {ours:?}"));
                }
                let value = value.unwrap();
                // Beyond i128 there is no whole number.
                if ours.bytes().map(|bytes| bytes.to_string()) != value.parse::<i128>().ok().map(|_| value.clone()) {
                    wrong.push(format!("the value of {text:?} is {value} and not {:?}", ours.bytes()));
                }
            }
            (ours, exact) => wrong.push(format!("{text:?}: Go {exact:?} {error:?}, we {ours:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn quantities_are_ordered_as_go_orders_them() {
    let Vectors { compared, order, .. } = vectors();
    assert_eq!(compared.len(), order.len());
    for (left, line) in compared.iter().zip(order) {
        for (right, expected) in compared.iter().zip(line.chars()) {
            let (l, r) = (Quantity::parse(left).unwrap(), Quantity::parse(right).unwrap());
            let ours = match l.cmp(&r) {
                Ordering::Less => '<',
                Ordering::Equal => '=',
                Ordering::Greater => '>',
            };
            assert_eq!(ours, expected, "{left} and {right}");
            assert_eq!(l == r, ours == '=', "{left} and {right}");
        }
    }
}

#[test]
fn the_unit_is_the_one_that_is_written() {
    for (text, unit) in [
        ("10", Unit::None),
        ("10.5", Unit::None),
        ("0", Unit::None),
        ("10m", Unit::Milli),
        ("10n", Unit::Nano),
        ("10u", Unit::Micro),
        ("10k", Unit::Kilo),
        ("10M", Unit::Mega),
        ("10E", Unit::Exa),
        ("10Ki", Unit::Kibi),
        ("10Gi", Unit::Gibi),
        ("0.01Gi", Unit::Gibi),
        ("10Ei", Unit::Exbi),
        ("10e1", Unit::Exponent),
        ("10E1", Unit::Exponent),
    ] {
        let quantity = Quantity::parse(text).unwrap();
        assert_eq!(quantity.unit(), unit, "{text}");
        assert_eq!(quantity.is_milli(), unit == Unit::Milli, "{text}");
    }
}

#[test]
fn people_read_binary_units() {
    for (text, shown) in [
        ("10Gi", "10Gi"),
        ("10737418240", "10Gi"),
        ("1536Gi", "1.5Ti"),
        ("2000Gi", "2000Gi"),
        ("1Gi", "1Gi"),
        ("1023", "1023"),
        ("1024", "1Ki"),
        ("1G", "1G"),
        ("1500M", "1.5G"),
        ("100000", "100k"),
        ("1234567890123", "1234567890123"),
        ("10m", "10m"),
        ("1500m", "1.5"),
        ("0.0000000001", "1n"),
        ("-5Gi", "-5Gi"),
        ("0Gi", "0"),
        ("100Ei", "9223372036854775807"),
        ("8Ei", "9223372036854775807"),
        ("16E", "16E"),
        ("1e400", "1e400"),
        ("1.000000001", "1000000001n"),
    ] {
        assert_eq!(Quantity::parse(text).unwrap().to_string(), shown, "{text}");
    }
}

#[test]
fn json_strings_and_numbers_are_quantities() {
    let parse = |text: &str| Quantity::parse(text).unwrap();
    assert_eq!(Quantity::from_json(&json!("10Gi")).unwrap().unwrap(), parse("10Gi"));
    assert_eq!(Quantity::from_json(&json!(" 10Gi ")).unwrap().unwrap(), parse("10Gi"));
    assert_eq!(Quantity::from_json(&json!(10)).unwrap().unwrap(), parse("10"));
    assert_eq!(Quantity::from_json(&json!(1.5)).unwrap().unwrap(), parse("1500m"));
    assert_eq!(Quantity::from_json(&json!(1e21)).unwrap().unwrap(), parse("1000E"));
    assert!(Quantity::from_json(&json!(null)).is_none());
    for wrong in [
        json!(true),
        json!(""),
        json!("10GB"),
        json!(["10Gi"]),
        json!({"storage": "10Gi"}),
    ] {
        assert!(Quantity::from_json(&wrong).unwrap().is_err(), "{wrong}");
    }
}

#[test]
fn errors_say_what_to_write() {
    let error = |text: &str| Quantity::parse(text).unwrap_err().to_string();
    assert!(error("10GB").starts_with("`10GB` is not a quantity"));
    assert!(error("10K").contains("`K` is not a unit"));
    assert!(error("Ei").contains("no number"));
    assert!(error(&"x".repeat(1000)).len() < 200);
}

#[test]
fn multiplication_is_exact_or_none() {
    let parse = |text: &str| Quantity::parse(text).unwrap();
    assert_eq!(parse("1.5Gi").checked_mul(3), Some(parse("4608Mi")));
    assert_eq!(parse("1.5Gi").checked_mul(0), Some(parse("0")));
    assert_eq!(parse("-0.1").checked_mul(10), Some(parse("-1")));
    assert_eq!(parse("8Ei").checked_mul(2), Some(parse("18446744073709551614")));
    assert_eq!(
        parse("12345678901234567890123456789012345678").checked_mul(3_000_000_007),
        None
    );
}

#[test]
fn long_texts_are_read_quickly() {
    for text in [
        "9".repeat(1_000_000),
        format!("{}Ei", "9".repeat(1_000_000)),
        format!("0.{}1Ei", "0".repeat(1_000_000)),
        format!("1e{}", i32::MAX),
        format!("1.{}e{}", "1".repeat(100), i32::MIN),
    ] {
        let quantity = Quantity::parse(&text).unwrap();
        assert!(quantity > Quantity::parse("0").unwrap());
        assert!(quantity.to_string().len() < 100);
    }
}

/// Texts that look like quantities.
fn text() -> impl Strategy<Value = String> {
    "[+-]?[0-9]{0,25}(\\.[0-9]{0,25})?(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?[0-9]{1,3})?"
}

fn quantity() -> impl Strategy<Value = Quantity> {
    text().prop_filter_map("not a quantity", |text| Quantity::parse(&text).ok())
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = Quantity::parse(&text).map(|quantity| (quantity.bytes(), quantity.to_string()));
    }

    #[test]
    fn what_is_shown_reads_back(quantity in quantity()) {
        prop_assert_eq!(Quantity::parse(&quantity.to_string()).unwrap(), quantity);
    }

    #[test]
    fn order_is_total(a in quantity(), b in quantity(), c in quantity()) {
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        prop_assert_eq!(a == b, a.cmp(&b) == Ordering::Equal);
        if a <= b && b <= c {
            prop_assert!(a <= c);
        }
    }

    #[test]
    fn order_is_that_of_the_numbers(a in any::<i64>(), b in any::<i64>()) {
        prop_assert_eq!(Quantity::from_bytes(a).cmp(&Quantity::from_bytes(b)), a.cmp(&b));
        prop_assert_eq!(Quantity::from_bytes(a).bytes(), Some(i128::from(a)));
        prop_assert_eq!(Quantity::parse(&a.to_string()).unwrap(), Quantity::from_bytes(a));
    }

    #[test]
    fn multiplication_is_that_of_the_numbers(a in any::<i64>(), factor in any::<u32>()) {
        let product = Quantity::from_bytes(a).checked_mul(factor).and_then(|product| product.bytes());
        prop_assert_eq!(product, Some(i128::from(a) * i128::from(factor)));
    }
}
