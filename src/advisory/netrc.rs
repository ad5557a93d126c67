//! Reads a netrc file, the place where curl, git and pip look for passwords
//! (<https://www.gnu.org/software/inetutils/manual/html_node/The-_002enetrc-file.html>).
//!
//! `default` is left out on purpose: its password would go to any host that a mirror's address happens to name.

/// The login of a machine.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Login {
    pub(super) machine: String,
    pub(super) user: String,
    pub(super) password: String,
}

/// The machines that have a user and a password, in the file's order. Words that are not understood are passed over.
pub(super) fn parse(text: &str) -> Vec<Login> {
    let mut logins: Vec<Login> = Vec::new();
    let mut words = Words { rest: text };
    // Of `default`'s words nothing is kept.
    let mut named = false;
    while let Some(word) = words.next() {
        match word.as_str() {
            "machine" => {
                let machine = words.next().unwrap_or_default();
                logins.push(Login { machine, user: String::new(), password: String::new() });
                named = true;
            }
            "default" => named = false,
            "login" | "password" | "account" => {
                let value = words.next().unwrap_or_default();
                match (word.as_str(), logins.last_mut().filter(|_| named)) {
                    ("login", Some(login)) => login.user = value,
                    ("password", Some(login)) => login.password = value,
                    _ => {}
                }
            }
            "macdef" => words.skip_macro(),
            _ => {}
        }
    }
    logins.retain(|login| !login.user.is_empty() && !login.password.is_empty());
    logins
}

struct Words<'a> {
    rest: &'a str,
}

impl Words<'_> {
    fn next(&mut self) -> Option<String> {
        loop {
            self.rest = self.rest.trim_start();
            // A password may begin with '#' only where a value is expected; curl and Python take a leading one for a
            // comment as well.
            if !self.rest.starts_with('#') {
                break;
            }
            self.rest = self.rest.find('\n').map_or("", |end| &self.rest[end..]);
        }
        if self.rest.is_empty() {
            return None;
        }
        let mut word = String::new();
        let quoted = self.rest.starts_with('"');
        let mut chars = self.rest.char_indices().skip(usize::from(quoted));
        let mut end = self.rest.len();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => word.extend(chars.next().map(|(_, escaped)| escaped)),
                '"' if quoted => {
                    end = at + 1;
                    break;
                }
                c if !quoted && c.is_whitespace() => {
                    end = at;
                    break;
                }
                c => word.push(c),
            }
        }
        self.rest = &self.rest[end..];
        Some(word)
    }

    /// A macro ends with an empty line.
    fn skip_macro(&mut self) {
        self.rest = self.rest.find("\n\n").map_or("", |end| &self.rest[end..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<(String, String, String)> {
        parse(text).into_iter().map(|login| (login.machine, login.user, login.password)).collect()
    }

    fn login(machine: &str, user: &str, password: &str) -> (String, String, String) {
        (machine.to_owned(), user.to_owned(), password.to_owned())
    }

    #[test]
    fn machines_in_any_layout() {
        let text = "# mirrors\nmachine a.example.com login ann password p1\nmachine b.example.com\n\tlogin bob\n\t\
                    account x\n\tpassword \"p \\\"2\\\"\"\nmacdef init\ncd /\nmachine no.example.com\n\nmachine \
                    c.example.com password p\\ 3 login cy\nmachine d.example.com login dan\n";
        let expected = [
            login("a.example.com", "ann", "p1"),
            login("b.example.com", "bob", "p \"2\""),
            login("c.example.com", "cy", "p 3"),
        ];
        assert_eq!(told(text), expected);
    }

    #[test]
    fn default_gives_nothing_to_anybody() {
        let text = "machine a.example.com login ann\ndefault login anonymous password secret\n";
        assert_eq!(told(text), []);
        assert_eq!(told("default login x password y machine a login b password c"), [login("a", "b", "c")]);
    }

    #[test]
    fn half_a_file_is_no_panic() {
        let text = "machine a login \"b\\\" password é\\";
        for end in (0..=text.len()).filter(|&end| text.is_char_boundary(end)) {
            parse(&text[..end]);
        }
    }
}
