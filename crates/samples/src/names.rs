//! Names that nobody could take for a patient's.

/// First names given to women of the samples.
pub const WOMEN: &[&str] = &[
    "Ada", "Beryl", "Cora", "Doris", "Edith", "Flora", "Gwen", "Hilda", "Iris", "Joan", "Kitty",
    "Lottie", "Mabel", "Nora", "Olive", "Pearl", "Queenie", "Rosa", "Sybil", "Thelma", "Una",
    "Vera", "Winnie", "Zoë",
];

/// First names given to men of the samples.
pub const MEN: &[&str] = &[
    "Alfie", "Bertie", "Cecil", "Dougie", "Ernest", "Fergus", "George", "Harold", "Idris", "Jack",
    "Kenneth", "Leonard", "Mervyn", "Norman", "Oscar", "Percy", "Quentin", "Reggie", "Stanley",
    "Ted", "Urban", "Victor", "Wilfred", "Zbigniew",
];

const HEADS: &[&str] = &[
    "Test",
    "Sample",
    "Mock",
    "Fiction",
    "Dummy",
    "Specimen",
    "Example",
    "Pretend",
    "Notreal",
    "Madeup",
    "Fable",
    "Invent",
    "Proforma",
    "Trial",
    "Sandbox",
    "Pseudo",
    "Demo",
    "Replica",
    "Stub",
    "Placehold",
    "O'Sample",
    "Mc Fiction",
    "Téstà",
    "Synthetic-",
];

const TAILS: &[&str] = &[
    "wood", "ham", "ton", "by", "ley", "worth", "field", "brook", "combe", "stead", "well", "ford",
    "shaw", "croft", "dale", "bury", "gate", "hurst", "mere", "wick", "thorpe", "moor", "son",
    "man",
];

/// How many family names there are.
pub const FAMILIES: u32 = 576;

/// A family name; the number is taken modulo [`FAMILIES`].
pub fn family(number: u32) -> String {
    let number = number % FAMILIES;
    let head = HEADS.get((number / 24) as usize).unwrap_or(&"Test");
    let tail = TAILS.get((number % 24) as usize).unwrap_or(&"wood");
    format!("{head}{tail}")
}
