//! Settings from the environment, over those of the file: `CAUSEWAY__SERVER__LISTEN=0.0.0.0:8080`.

use toml::{Table, Value};

/// What the names of settings begin with.
const PREFIX: &str = "CAUSEWAY__";

/// The settings of the environment, as (name, path, value), in the order of their names.
pub struct Overlay(Vec<Setting>);

struct Setting {
    name: String,
    path: Vec<String>,
    value: String,
}

impl Overlay {
    /// Those of this process.
    pub fn of_environment() -> Result<Self, String> {
        let mut settings = Vec::new();
        for (name, value) in std::env::vars_os() {
            let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else {
                continue;
            };
            let value = value
                .into_string()
                .map_err(|_| format!("the environment's {name} is not UTF-8"))?;
            settings.push((name.to_owned(), value));
        }
        Self::of(settings)
    }

    /// Of these names and values.
    fn of(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Self, String> {
        let mut settings = Vec::new();
        for (name, value) in pairs {
            let rest = name.strip_prefix(PREFIX).unwrap_or_default();
            let path: Vec<String> = rest
                .split("__")
                .map(|part| part.to_ascii_lowercase().replace('_', "-"))
                .collect();
            if path.iter().any(String::is_empty) {
                return Err(format!(
                    "the environment's {name} names no setting: write {PREFIX}SECTION__KEY, as in {PREFIX}SERVER__LISTEN"
                ));
            }
            settings.push(Setting { name, path, value });
        }
        settings.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Self(settings))
    }

    /// The names of the variables; never their values, which may be secrets.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|setting| setting.name.as_str())
    }

    /// Lays the settings over those of a file.
    pub fn apply(&self, table: &mut Table) -> Result<(), String> {
        for setting in &self.0 {
            set(table, &setting.path, &setting.value)
                .map_err(|reason| format!("the environment's {}: {reason}", setting.name))?;
        }
        Ok(())
    }

    /// The same for one section alone.
    pub fn apply_section(&self, section: &str, table: &mut Table) -> Result<(), String> {
        let of_section = |setting: &&Setting| setting.path.first().is_some_and(|at| at == section);
        for setting in self.0.iter().filter(of_section) {
            set(table, &setting.path, &setting.value)
                .map_err(|reason| format!("the environment's {}: {reason}", setting.name))?;
        }
        Ok(())
    }
}

fn set(table: &mut Table, path: &[String], text: &str) -> Result<(), String> {
    let Some((key, rest)) = path.split_first() else {
        return Ok(());
    };
    if rest.is_empty() {
        let value = read(text, table.get(key));
        table.insert(key.clone(), value);
        return Ok(());
    }
    match table
        .entry(key.clone())
        .or_insert_with(|| Value::Table(Table::new()))
    {
        Value::Table(inner) => set(inner, rest, text),
        Value::Array(items) => {
            let (number, inside) = rest.split_first().ok_or("names no setting")?;
            let number: usize = number
                .parse()
                .map_err(|_| format!("{key} is a list: write the number of the entry, from 0"))?;
            if number == items.len() {
                items.push(match inside {
                    [] => Value::String(String::new()),
                    _ => Value::Table(Table::new()),
                });
            }
            match (items.get_mut(number), inside) {
                (Some(Value::Table(inner)), [_, ..]) => set(inner, inside, text),
                (Some(item), []) => {
                    *item = read(text, Some(&*item));
                    Ok(())
                }
                (Some(_), _) => Err(format!(
                    "entry {number} of {key} has no settings of its own"
                )),
                (None, _) => Err(format!("{key} has no entry {number}")),
            }
        }
        _ => Err(format!("{key} has no settings of its own")),
    }
}

/// A value as TOML writes it, or a text as it is. Where the file has a text, it stays a text.
fn read(text: &str, before: Option<&Value>) -> Value {
    let plain = || Value::String(text.to_owned());
    if matches!(before, Some(Value::String(_))) && !text.starts_with(['"', '\'']) {
        return plain();
    }
    let parsed: Option<Table> = format!("value = {text}").parse().ok();
    parsed
        .filter(|table| table.len() == 1)
        .and_then(|mut table| table.remove("value"))
        .unwrap_or_else(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(file: &str, pairs: &[(&str, &str)]) -> Result<String, String> {
        let mut table: Table = file.parse().unwrap();
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Overlay::of(pairs)?.apply(&mut table)?;
        Ok(toml::to_string(&table).unwrap())
    }

    #[test]
    fn goes_over_the_file() {
        let file = "[server]\nlisten = \"a\"\n[[auth.clients]]\nid = \"x\"\n";
        let out = over(
            file,
            &[
                ("CAUSEWAY__SERVER__LISTEN", "0.0.0.0:80"),
                ("CAUSEWAY__SUBMISSIONS__WORKERS", "4"),
                ("CAUSEWAY__STORE__ID_SECRET_FILE", "id"),
                ("CAUSEWAY__AUTH__CLIENTS__0__ID", "123"),
                ("CAUSEWAY__AUTH__CLIENTS__1__ID", "\"123\""),
                ("CAUSEWAY__PACKAGES__USE", "[\"a@1\", \"b@2\"]"),
            ],
        )
        .unwrap();
        let table: Table = out.parse().unwrap();
        let expected: Table = "\
            [server]\nlisten = \"0.0.0.0:80\"\n\
            [submissions]\nworkers = 4\n\
            [store]\nid-secret-file = \"id\"\n\
            [packages]\nuse = [\"a@1\", \"b@2\"]\n\
            [[auth.clients]]\nid = \"123\"\n[[auth.clients]]\nid = \"123\"\n"
            .parse()
            .unwrap();
        assert_eq!(table, expected);
    }

    #[test]
    fn what_names_nothing_is_refused() {
        assert!(over("", &[("CAUSEWAY__", "x")]).is_err());
        assert!(over("", &[("CAUSEWAY__A____B", "x")]).is_err());
        assert!(over("a = 1", &[("CAUSEWAY__A__B", "x")]).is_err());
        assert!(over("a = []", &[("CAUSEWAY__A__1__B", "x")]).is_err());
        assert!(over("a = []", &[("CAUSEWAY__A__B", "x")]).is_err());
    }

    #[test]
    fn a_text_is_no_more_than_a_text() {
        let out = over("", &[("CAUSEWAY__A__B", "x\ny = 1")]).unwrap();
        let table: Table = out.parse().unwrap();
        assert_eq!(table["a"]["b"].as_str(), Some("x\ny = 1"));
    }
}
