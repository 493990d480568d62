//! Carts and what is in them.
use std::fmt::{self, Display};

/// The limit.
pub const MAX_ITEMS: usize = 100;
static COUNTER: AtomicUsize = AtomicUsize::new(0);

pub type Result<T> = std::result::Result<T, CartError>;

/// One line.
#[derive(Debug, Clone)]
#[serde(rename_all = "camelCase")]
// between
pub struct Item<'a> {
    pub sku: &'a str,
    price: f64,
}

pub struct Meters(f64);

#[derive(Debug)]
pub enum CartError {
    Full { limit: usize },
    Missing(String),
    Unknown,
}

pub union Bits {
    int: u32,
    float: f32,
}

pub trait Store {
    const NAME: &'static str;
    type Key;

    fn get(&self, key: Self::Key) -> Option<&Item>;
    fn len(&self) -> usize {
        0
    }
}

impl<'a> Item<'a> {
    pub const TAX: f64 = 0.19;

    #[inline]
    pub fn new(sku: &'a str) -> Self {
        fn helper() -> f64 {
            1.0
        }
        let local = helper();
        Self { sku, price: local }
    }
}

impl<'a> Display for Item<'a> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.sku)
    }
}

macro_rules! cart {
    ($($x:expr),*) => { vec![$($x),*] };
}

pub async unsafe fn load(path: &str) -> Result<()> {
    Ok(())
}

extern "C" {
    fn raw_add(a: i32, b: i32) -> i32;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_new() {
        assert_eq!(Item::new("a").sku, "a");
    }
}
