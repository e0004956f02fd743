//! The shape of a text: what may be said of a cell without saying what is in it.

/// How many shapes are told apart.
const MOST: usize = 40;

/// The shape of a text: `X` for capital letters, `x` for small ones, `9` for digits, `_` for a
/// space, `*` for anything else, and how many of each where there are more than one.
pub(crate) fn shape(text: &str) -> String {
    let mut out = String::new();
    let mut run: Option<(char, usize)> = None;
    let mut runs = 0;
    let put = |run: Option<(char, usize)>, out: &mut String| {
        if let Some((class, length)) = run {
            out.push(class);
            if length > 1 {
                out.push_str(&format!("{{{length}}}"));
            }
        }
    };
    for c in text.trim().chars() {
        let class = match c {
            c if c.is_numeric() => '9',
            c if c.is_uppercase() => 'X',
            c if c.is_alphabetic() => 'x',
            c if c.is_whitespace() => '_',
            _ => '*',
        };
        match &mut run {
            Some((same, length)) if *same == class => *length += 1,
            _ => {
                put(run, &mut out);
                run = Some((class, 1));
                runs += 1;
                if runs > 12 {
                    out.push('…');
                    return out;
                }
            }
        }
    }
    put(run, &mut out);
    out
}

/// Shapes and how often each was met.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shapes {
    counts: Vec<(String, u64)>,
    others: u64,
}

impl Shapes {
    pub fn add(&mut self, text: &str) {
        let shape = shape(text);
        if let Some((_, count)) = self.counts.iter_mut().find(|(known, _)| *known == shape) {
            *count += 1;
        } else if self.counts.len() < MOST {
            self.counts.push((shape, 1));
        } else {
            self.others += 1;
        }
    }

    /// The most frequent shapes in words: `Xx{4} (312), X{4} (40), and others (3)`.
    pub fn summary(&self, most: usize) -> String {
        let mut counts: Vec<&(String, u64)> = self.counts.iter().collect();
        counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let mut parts: Vec<String> = counts
            .iter()
            .take(most)
            .map(|(shape, count)| format!("{shape} ({count})"))
            .collect();
        let rest: u64 = counts.iter().skip(most).map(|(_, count)| count).sum();
        if rest + self.others > 0 {
            parts.push(format!("others ({})", rest + self.others));
        }
        parts.join(", ")
    }
}
