//! The population of charges, as pure functions of a position: both sides of a benchmark are computed from
//! here, so what tieout must find is known before it looks. Never stores an item.

use std::fmt::Write as _;

/// Items that share one second, so that a page can end in the middle of a second.
const CLUMP: u64 = 4;
/// Spreads ids over the key space, so that their order says nothing about time. Odd, hence invertible.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
const UNSPREAD: u64 = inverse(SPREAD);

/// One item in so many is missing locally, and another one has another amount, where nobody asks for more drift.
pub const USUAL_DRIFT: u64 = 1_000;

/// `items` charges, evenly spread over `seconds` from `start` (Unix seconds). Position 0 is the oldest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Population {
    /// How many charges there are.
    pub items: u64,
    /// The second in which the oldest was created, in Unix time.
    pub start: i64,
    /// The length of the range in which all were created.
    pub seconds: u32,
    /// One item in so many is missing locally, and another one has another amount; at least 2.
    pub one_in: u64,
}

/// One charge as the provider knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The provider's id; the position can be read back from it.
    pub id: String,
    /// Minor units.
    pub amount: u64,
    /// ISO 4217, lower case.
    pub currency: &'static str,
    /// `succeeded`, `failed` or `pending`.
    pub status: &'static str,
    /// Unix seconds.
    pub created: i64,
}

/// What became of a charge on its way into the local table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The local row says the same.
    Agrees,
    /// There is no local row.
    Missing,
    /// The local row has another amount.
    Mismatched,
}

impl Population {
    /// When the item at `position` was created, in Unix seconds. Never decreases with the position.
    #[must_use]
    pub fn created(&self, position: u64) -> i64 {
        let clump = position - position % CLUMP;
        let offset = u128::from(clump) * u128::from(self.seconds) / u128::from(self.items);
        self.start + i64::try_from(offset).unwrap_or(i64::MAX)
    }

    /// The first position created at or after `instant`; `items` when there is none.
    #[must_use]
    pub fn first_at(&self, instant: i64) -> u64 {
        let (mut low, mut high) = (0, self.items);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.created(middle) < instant {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// The charge at `position`.
    #[must_use]
    pub fn charge(&self, position: u64) -> Charge {
        let noise = mix(position);
        let status = match noise % 100 {
            0..=6 => "failed",
            7..=9 => "pending",
            _ => "succeeded",
        };
        let currency = ["usd", "eur", "gbp", "sek"][usize::try_from((noise >> 8) % 4).unwrap_or(0)];
        let amount = 50 + (noise >> 16) % 99_950;
        Charge { id: id(position), amount, currency, status, created: self.created(position) }
    }

    /// The position that `id` stands for, if this population has it.
    #[must_use]
    pub fn position(&self, id: &str) -> Option<u64> {
        let digits = id.strip_prefix("ch_3M")?.strip_suffix("0kIwHu")?;
        let lower = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let spread =
            if digits.len() == 16 && lower { u64::from_str_radix(digits, 16).ok()? } else { return None };
        let position = spread.wrapping_mul(UNSPREAD).wrapping_sub(1);
        (position < self.items).then_some(position)
    }

    /// What becomes of the item at `position` on its way into the local table: in each full block of [`Self::one_in`], one
    /// is missing and one mismatched, at places that follow no stride.
    #[must_use]
    pub fn fate(&self, position: u64) -> Fate {
        let block = self.one_in.max(2);
        let noise = mix(!(position / block));
        let missing = noise % block;
        let mismatched = (missing + 1 + (noise >> 32) % (block - 1)) % block;
        match position % block {
            place if place == missing => Fate::Missing,
            place if place == mismatched => Fate::Mismatched,
            _ => Fate::Agrees,
        }
    }

    /// How many items are missing, and how many mismatched, in the local table.
    #[must_use]
    pub fn planted(&self) -> (u64, u64) {
        let fates = (0..self.items).map(|position| self.fate(position));
        fates.fold((0, 0), |(missing, mismatched), fate| match fate {
            Fate::Agrees => (missing, mismatched),
            Fate::Missing => (missing + 1, mismatched),
            Fate::Mismatched => (missing, mismatched + 1),
        })
    }
}

/// Appends the charge at `position` as the provider's JSON, about 600 bytes.
pub fn render(population: &Population, position: u64, into: &mut String) {
    let Charge { id, amount, currency, status, created } = population.charge(position);
    let paid = status == "succeeded";
    let captured = if paid { amount } else { 0 };
    let failure = if status == "failed" { r#""card_declined""# } else { "null" };
    let tail = &id[3..];
    let customer = mix(position / 3);
    // Writing into a String cannot fail.
    let _ = write!(
        into,
        r#"{{"id":"{id}","object":"charge","amount":{amount},"amount_captured":{captured},"amount_refunded":0,"application":null,"#
    );
    let _ = write!(
        into,
        r#""balance_transaction":"txn_{tail}","billing_details":{{"email":null,"name":"Customer {customer:x}"}},"captured":{paid},"#
    );
    let _ = write!(
        into,
        r#""created":{created},"currency":"{currency}","customer":"cus_{customer:016x}","description":"Order {position:09}","disputed":false,"#
    );
    let _ = write!(
        into,
        r#""failure_code":{failure},"invoice":null,"livemode":false,"metadata":{{"order":"{position}","channel":"web"}},"paid":{paid},"#
    );
    let _ = write!(
        into,
        r#""payment_intent":"pi_{tail}","receipt_email":null,"refunded":false,"status":"{status}"}}"#
    );
}

fn id(position: u64) -> String {
    format!("ch_3M{:016x}0kIwHu", (position + 1).wrapping_mul(SPREAD))
}

/// The finaliser of splitmix64: numbers that look random and are the same on every machine.
fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(SPREAD);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The multiplicative inverse of an odd number modulo 2^64; each of Newton's steps doubles the correct bits.
const fn inverse(odd: u64) -> u64 {
    let mut guess = odd;
    let mut step = 0;
    while step < 6 {
        guess = guess.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(guess)));
        step += 1;
    }
    guess
}

#[cfg(test)]
mod tests {
    use super::*;

    const POPULATION: Population =
        Population { items: 10_000, start: 1_750_000_000, seconds: 8_640, one_in: USUAL_DRIFT };

    #[test]
    fn an_id_leads_back_to_its_position() {
        for position in 0..POPULATION.items {
            assert_eq!(POPULATION.position(&POPULATION.charge(position).id), Some(position));
        }
        assert_eq!(POPULATION.position(&id(POPULATION.items)), None);
        assert_eq!(POPULATION.position("ch_3M+23456789abcdef00kIwHu"), None);
        assert_eq!(POPULATION.position(""), None);
    }

    #[test]
    fn created_never_decreases_and_some_items_share_a_second() {
        let created: Vec<i64> = (0..POPULATION.items).map(|position| POPULATION.created(position)).collect();
        assert!(created.is_sorted());
        assert!(created.windows(2).any(|pair| pair[0] == pair[1]));
        assert!(created.iter().all(|at| (1_750_000_000..1_750_008_640).contains(at)));
    }

    #[test]
    fn first_at_is_the_lower_bound_of_an_instant() {
        for instant in (POPULATION.start - 1..=POPULATION.start + 8_641).step_by(131) {
            let expected =
                (0..POPULATION.items).filter(|at| POPULATION.created(*at) < instant).count() as u64;
            assert_eq!(POPULATION.first_at(instant), expected);
        }
    }

    #[test]
    fn one_item_in_a_thousand_is_missing_and_another_one_mismatched() {
        assert_eq!(POPULATION.planted(), (10, 10));
    }

    #[test]
    fn drift_may_be_as_much_as_everything() {
        let planted = |one_in| Population { one_in, ..POPULATION }.planted();
        assert_eq!(planted(10), (1_000, 1_000));
        assert_eq!(planted(2), (5_000, 5_000));
    }

    #[test]
    fn an_item_is_json_of_about_600_bytes() {
        let mut text = String::new();
        render(&POPULATION, 4_321, &mut text);
        let item: serde_json::Value = serde_json::from_str(&text).unwrap();
        let charge = POPULATION.charge(4_321);
        assert_eq!(item["id"], charge.id.as_str());
        assert_eq!(item["amount"], charge.amount);
        assert_eq!(item["created"], charge.created);
        assert!((550..=650).contains(&text.len()), "{}", text.len());
    }
}
