//! Takes out of a text for others what is nobody's business: secrets, and the names of home, user and machine.

use std::collections::BTreeMap;

/// Parts of names whose values are secrets.
const SECRET: [&str; 11] = [
    "TOKEN",
    "SECRET",
    "PASSW",
    "PASSPHRASE",
    "CREDENTIAL",
    "APIKEY",
    "API_KEY",
    "ACCESS_KEY",
    "PRIVATE",
    "AUTH",
    "COOKIE",
];

/// Shorter values are found everywhere.
const SHORTEST: usize = 4;

/// What stands for a secret.
const VEILED: &str = "[hidden]";

/// What is taken out.
#[derive(Debug, Default)]
pub(crate) struct Veil {
    /// Secrets, the longest first.
    secrets: Vec<String>,
    /// Home directories, the longest first.
    homes: Vec<String>,
    /// Whole words, and what stands for them.
    words: Vec<(String, &'static str)>,
}

/// Whether a variable of this name has a secret.
pub(crate) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase().replace('-', "_");
    let whole = |word: &str| name == word || name.ends_with(&format!("_{word}"));
    SECRET.iter().any(|part| name.contains(part)) || ["KEY", "PASS", "PAT"].iter().any(|word| whole(word))
}

impl Veil {
    /// For an environment. `passwd` is the text of passwd(5) and `user` our number in it, `host` the machine's name.
    pub(crate) fn of(variables: &BTreeMap<String, String>, passwd: &str, user: u32, host: &str) -> Veil {
        let get = |name: &str| variables.get(name).map(String::as_str);
        let lines = passwd.lines().map(|line| line.split(':').collect::<Vec<_>>());
        let own = lines.into_iter().find(|fields| fields.get(2).and_then(|id| id.parse().ok()) == Some(user));
        let field = |at: usize| own.as_ref().and_then(|fields| fields.get(at).copied());
        let longest_first = |mut words: Vec<String>| {
            words.sort_by_key(|word| std::cmp::Reverse(word.len()));
            words.dedup();
            words
        };
        let secrets = variables.iter().filter(|(name, _)| is_secret(name));
        // Of several lines each is one: none may be left.
        let secrets = secrets.flat_map(|(_, value)| value.lines().map(str::trim).chain([value.as_str()]));
        let homes = [get("HOME"), field(5)].into_iter().flatten().map(|home| home.trim_end_matches('/'));
        let names = [get("USER"), get("LOGNAME"), get("SUDO_USER"), field(0)].into_iter().flatten();
        let users = names.filter(|name| name.len() > 1 && *name != "root").map(|name| (name.to_owned(), "USER"));
        let hosts = [host, host.split('.').next().unwrap_or_default()].into_iter();
        let hosts = hosts.filter(|name| name.len() > 1 && *name != "localhost").map(|name| (name.to_owned(), "HOST"));
        Veil {
            secrets: longest_first(secrets.filter(|value| value.len() >= SHORTEST).map(str::to_owned).collect()),
            homes: longest_first(homes.filter(|home| home.len() > 1).map(str::to_owned).collect()),
            words: users.chain(hosts).collect(),
        }
    }

    /// A text without all that.
    pub(crate) fn over(&self, text: &str) -> String {
        let mut text = self.secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, VEILED));
        text = without_passwords_of_urls(&text);
        text = text.split_inclusive(char::is_whitespace).scan(false, |next, word| Some(assigned(word, next))).collect();
        let is_path = |c: char| c.is_alphanumeric() || "_-.".contains(c);
        text = self.homes.iter().fold(text, |text, home| replaced(&text, home, "~", |_| true, |after| !is_path(after)));
        let ends = |c: char| !c.is_alphanumeric() && c != '_';
        self.words.iter().fold(text, |text, (word, stands)| replaced(&text, word, stands, ends, ends))
    }
}

/// Replaces each occurrence between characters of these kinds; the ends of the text are of every kind.
fn replaced(text: &str, word: &str, by: &str, before: impl Fn(char) -> bool, after: impl Fn(char) -> bool) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((left, right)) = rest.split_once(word) {
        let last = left.chars().last().or_else(|| out.chars().last());
        let fits = last.is_none_or(&before) && right.chars().next().is_none_or(&after);
        out.push_str(left);
        out.push_str(if fits { by } else { word });
        rest = right;
    }
    out.push_str(rest);
    out
}

/// `https://user:password@host` without what is before the `@`.
fn without_passwords_of_urls(text: &str) -> String {
    let mut parts = text.split("://");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str("://");
        let end = part.find(|c: char| c == '/' || c.is_whitespace() || "'\"`".contains(c)).unwrap_or(part.len());
        let (authority, rest) = part.split_at(end);
        match authority.rsplit_once('@') {
            Some((_, host)) => out.extend([VEILED, "@", host]),
            None => out.push_str(authority),
        }
        out.push_str(rest);
    }
    out
}

/// A word without the secret that it assigns: `-DAPI_TOKEN=x`, `--password=x`; `next` says that the one before was
/// `--password`.
fn assigned(word: &str, next: &mut bool) -> String {
    let bare = word.trim_end();
    let space = word.get(bare.len()..).unwrap_or_default();
    if bare.is_empty() {
        return word.to_owned();
    }
    if std::mem::take(next) && !bare.starts_with('-') {
        return format!("{VEILED}{space}");
    }
    let named = |text: &str| {
        let from = text.rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-').map_or(0, |at| at + 1);
        is_secret(text.get(from..).unwrap_or_default())
    };
    match bare.split_once('=') {
        Some((name, value)) if named(name) && !value.is_empty() => format!("{name}={VEILED}{space}"),
        None if bare.starts_with("--") && named(bare) => {
            *next = true;
            word.to_owned()
        }
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn veil(variables: &[(&str, &str)]) -> Veil {
        let passwd = "root:x:0:0::/root:/bin/sh\nme:x:7:7::/home/me:/bin/sh\n";
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Veil::of(&variables, passwd, 7, "box.example.org")
    }

    #[test]
    fn names_and_secrets_go_and_the_rest_stays() {
        let veil = veil(&[
            ("HOME", "/srv/me/"),
            ("GITHUB_TOKEN", "ghp_12345"),
            ("SSH_KEY", "first line\nsecond"),
            ("A", "keep"),
        ]);
        for (text, veiled) in [
            ("/srv/me/x /home/me /home/merry -I/home/me/i", "~/x ~ /home/merry -I~/i"),
            ("me some me@box.example.org box boxes", "USER some USER@HOST HOST boxes"),
            ("-DT=\"ghp_12345\" second keep", "-DT=\"[hidden]\" [hidden] keep"),
            (
                "--password=abc -DAPI_KEY=1 --token abc\n-DN=1",
                "--password=[hidden] -DAPI_KEY=[hidden] --token [hidden]\n-DN=1",
            ),
            ("https://a:b@h/p https://h/@x ssh://h", "https://[hidden]@h/p https://h/@x ssh://h"),
            ("export MY_SECRET='x y'", "export MY_SECRET=[hidden] y'"),
            ("é=ü ✓://✓", "é=ü ✓://✓"),
        ] {
            assert_eq!(veil.over(text), veiled);
        }
    }

    #[test]
    fn a_root_of_a_container_has_little_to_hide() {
        let veil = Veil::of(&BTreeMap::new(), "", 0, "localhost");
        assert_eq!(veil.over("root /root/x localhost"), "root /root/x localhost");
    }

    #[test]
    fn secrets_are_known_by_name() {
        for name in ["AWS_SECRET_ACCESS_KEY", "npm_config__authToken", "PGPASSWORD", "KEY", "DB_PASS", "--api-key"] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["PATH", "CC", "KEYBOARD", "COMPASS", "STATICCXX_CHECK", "XDG_DATA_HOME", "CFLAGS"] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
