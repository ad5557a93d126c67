//! Reads `name = value` around a keyword, by hand: names such as `token` stand in minified code so often that a regular
//! expression around each would cost more than all other rules together.
//!
//! The keyword must be the last word of the name but for harmless ones (`password`, `DB_PASSWORD_PROD`, `apiKey`), since
//! `passwordField` and `tokenType` hold none. What follows decides the style: quotes, a bare value to the end of a
//! configuration line, an element or attribute of XML, a command line's option, a connection string, the default of a
//! parameter, what a lookup falls back to. It cannot know a value that is computed or stands further away.

mod bare;
mod literal;
mod name;
mod nested;

use std::ops::Range;

use literal::quoted;
use memchr::memmem;

/// Bytes read on either side of the keyword for the rest of the name.
const NAME: usize = 48;
/// Bytes of white space tolerated around a separator.
const GAP: usize = 24;
/// The longest value, in bytes.
pub const VALUE: usize = 512;

/// How the value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Between quotes.
    Quoted,
    /// To the end of the line, of the element or of the option.
    Bare,
    /// An environment variable: the whole value.
    Variable,
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// Where the value stands.
    pub value: Range<usize>,
    /// How it is written.
    pub style: Style,
}

/// Reads the assignment whose name holds the keyword at `hit`.
pub fn read(text: &[u8], hit: Range<usize>) -> Option<Assignment> {
    let (keyword, name) = name::around(text, hit, NAME)?;
    // Most hits assign nothing; the words of the name are weighed last.
    let found = value(text, name.clone())?;
    let kept =
        name::keeps_its_meaning(&text[name.start..keyword.start], &text[keyword.clone()], &text[keyword.end..name.end]);
    kept.then_some(found)
}

/// The name around `word`.
pub fn name(text: &[u8], word: Range<usize>) -> Option<Range<usize>> {
    Some(name::around(text, word, NAME)?.1)
}

/// Reads what is assigned to a name, whatever the name means.
pub fn assigned(text: &[u8], name: Range<usize>) -> Option<Assignment> {
    value(text, name)
}

/// Whether a word of the name makes it speak of something that opens nothing, such as `public` or `request`.
pub fn is_harmless(name: &[u8]) -> bool {
    name::tells(name)
}

fn value(text: &[u8], name: Range<usize>) -> Option<Assignment> {
    let mut at = name.end;
    let closing = |b: u8| matches!(b, b'"' | b'\'' | b'`' | b']' | b'\\' | b')');
    while at < name.end + 4 && text.get(at).copied().is_some_and(closing) {
        at += 1;
    }
    let quoted_name = matches!(text.get(name.end), Some(b'"' | b'\'' | b'`' | b'\\'));
    if at > name.end && !quoted_name && text.get(name.end) != Some(&b']') {
        return None;
    }
    match text.get(at) {
        Some(b'>') => return nested::element(text, &name, quoted_name, at + 1),
        Some(b'<') if !quoted_name => return nested::property_list(text, at),
        _ => {}
    }
    if let Some(found) = bare::template_default(text, &name) {
        return Some(found);
    }
    let spaced = skip_blanks(text, at);
    if bare::is_option(text, &name) && (spaced > at && !quoted_name || text.get(spaced) == Some(&b',')) {
        let start = skip_blanks(text, spaced + usize::from(text.get(spaced) == Some(&b',')));
        let argument = || if quoted_name { nested::sibling(text, spaced) } else { bare::argument(text, start) };
        return quoted(text, start).or_else(argument);
    }
    for attribute in [b"value=".as_slice(), b"content="] {
        if quoted_name && spaced > at && text[spaced..].starts_with(attribute) {
            return quoted(text, spaced + attribute.len());
        }
    }
    if quoted_name && text.get(spaced) == Some(&b'|') && text.get(spaced + 1) != Some(&b'|') {
        return bare::cell(text, skip_blanks(text, spaced + 1));
    }
    if quoted_name && spaced > at && text[spaced..].starts_with(b"serializeAs=") {
        return nested::setting(text, spaced);
    }
    if let Some(found) = literal::told(text, &name) {
        return Some(found);
    }
    let Some(after) = separator(text, &name, spaced, quoted_name) else {
        return typed(text, &name, spaced)
            .or_else(|| bare::docker_variable(text, &name, spaced))
            .or_else(|| if quoted_name { None } else { bare::instruction(text, &name, spaced) })
            .or_else(|| bare::database_user(text, &name, spaced))
            .or_else(|| nested::sibling(text, spaced));
    };
    let start = skip_blanks(text, after);
    let start = annotation(text, start, after).unwrap_or(start);
    quoted(text, start)
        .or_else(|| literal::next_line(text, start))
        .or_else(|| literal::wrapped(text, start))
        .or_else(|| literal::fallback(text, start))
        .or_else(|| nested::sibling(text, start))
        .or_else(|| nested::block_scalar(text, start))
        .or_else(|| bare::read(text, &name, quoted_name, start))
}

fn skip_blanks(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().take(GAP).take_while(|b| matches!(b, b' ' | b'\t')).count()
}

/// Just behind `=`, `:`, `:=`, `=>`, `?=`; behind `(`, `,` or an "or else" where only a quoted value can follow.
fn separator(text: &[u8], name: &Range<usize>, at: usize, quoted_name: bool) -> Option<usize> {
    const ELSE: [&[u8]; 8] = [b"||=", b"??=", b"||", b"??", b"?:", b"or ", b".unwrap_or(", b".unwrap_or_default("];
    let rest = text.get(at..)?;
    let two = |bytes: &[u8]| rest.starts_with(bytes);
    if let Some(mark) = ELSE.iter().find(|mark| two(mark)) {
        // TypeScript marks a member that may be left out with the same two characters.
        let optional = at == name.end && two(b"?: ");
        return quote_ahead(text, skip_blanks(text, at + mark.len())).or(optional.then_some(at + 2));
    }
    if two(b"==") || two(b"=~") || two(b"::") || two(b"=\"\"") {
        return None;
    }
    if two(b":=") || two(b"=>") || two(b"?=") {
        return Some(at + 2);
    }
    match rest.first()? {
        b'=' | b':' => Some(at + 1),
        b'(' if !quoted_name => quote_ahead(text, skip_blanks(text, at + 1)),
        // `set :session_secret, "..."`: a Ruby symbol.
        b',' if !quoted_name && name.start > 0 && text[name.start - 1] == b':' => {
            quote_ahead(text, skip_blanks(text, at + 1))
        }
        b'{' if rest.starts_with(b"{ get;") => Some(at + memmem::find(&rest[..rest.len().min(NAME)], b"} =")? + 3),
        b',' if quoted_name && is_first(text, name) => quote_ahead(text, skip_blanks(text, at + 1)),
        _ => None,
    }
}

fn quote_ahead(text: &[u8], at: usize) -> Option<usize> {
    matches!(text.get(at), Some(b'"' | b'\'')).then_some(at)
}

/// Whether a quoted name is the first of a pair or the first argument: in a list of names, each has a neighbour.
fn is_first(text: &[u8], name: &Range<usize>) -> bool {
    let before = &text[name.start.saturating_sub(NAME)..name.start];
    let opened = before.iter().rev().skip_while(|b| !matches!(b, b'"' | b'\''));
    opened.skip(1).find(|b| !b.is_ascii_whitespace()).is_some_and(|b| matches!(b, b'(' | b'{'))
}

/// `password: str = "..."`: behind the `=`, if a type stands between.
fn annotation(text: &[u8], start: usize, after: usize) -> Option<usize> {
    if text.get(after.checked_sub(1)?) != Some(&b':') {
        return None;
    }
    let rest = text.get(start..)?;
    let part = |b: &&u8| b.is_ascii_alphanumeric() || b"_&'[]<>?.| ".contains(b);
    let kind = rest.iter().take(40).take_while(part).count();
    let equals = start + kind;
    let assigns = kind > 0 && text.get(equals) == Some(&b'=') && text.get(equals + 1) != Some(&b'=');
    assigns.then(|| skip_blanks(text, equals + 1))
}

/// `var password string = "..."`, `param password string = '...'`, `char password[] = "..."`.
fn typed(text: &[u8], name: &Range<usize>, start: usize) -> Option<Assignment> {
    let rest = text.get(start..)?;
    let kind = rest.iter().take(16).take_while(|b| b.is_ascii_alphabetic() || matches!(b, b'[' | b']' | b'*')).count();
    let equals = skip_blanks(text, start + kind);
    let assigns = kind > 1 && text.get(equals) == Some(&b'=') && text.get(equals + 1) != Some(&b'=');
    let spaced = start > name.end || rest.starts_with(b"[]");
    if assigns && spaced { quoted(text, skip_blanks(text, equals + 1)) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value<'a>(text: &'a str, keyword: &str) -> Option<&'a str> {
        let at = text.to_ascii_lowercase().find(keyword)?;
        let found = read(text.as_bytes(), at..at + keyword.len())?;
        Some(&text[found.value])
    }

    #[test]
    fn the_ways_to_write_an_assignment() {
        for (text, keyword) in [
            ("password = \"v-1\"", "password"),
            ("const dbPassword='v-1';", "password"),
            ("{\"db_password\": \"v-1\"}", "password"),
            ("{\\\"password\\\":\\\"v-1\\\"}", "password"),
            ("config['password'] = 'v-1'", "password"),
            ("password: str = 'v-1'", "password"),
            ("let password: String=\"v-1\"", "password"),
            ("PASSWORD := `v-1`", "password"),
            (":password => 'v-1'", "password"),
            ("DB_PASSWORD_PROD=v-1\n", "password"),
            ("export DB_PASSWORD=v-1 # why\n", "password"),
            ("  password: v-1\r\n", "password"),
            ("spring.datasource.password=v-1", "password"),
            ("<password>v-1</password>", "password"),
            ("<add key=\"Password\" value=\"v-1\"/>", "password"),
            ("Server=x;User Id=sa;Password=v-1;Encrypt=yes", "password"),
            ("curl --password v-1 --url", "password"),
            ("tool --api-key=v-1 run", "api-key"),
            ("setPassword(\"v-1\")", "password"),
            ("put(\"password\", \"v-1\")", "password"),
            ("GET /x?token=v-1&y=2", "token"),
            ("apiKey2: 'v-1'", "apikey"),
            ("auth: {user: 'x', pass: 'v-1'}", "pass:"),
            ("password = process.env.X || 'v-1'", "password"),
            ("process.env.DB_PASSWORD ?? 'v-1'", "password"),
            ("os.getenv('DB_PASSWORD', 'v-1')", "password"),
            ("password = os.getenv('DB_PW', 'v-1')", "password"),
            ("env::var(\"DB_PASSWORD\").unwrap_or(\"v-1\".to_string())", "password"),
            ("PASSWORD: ${DB_PASSWORD:-v-1}", "password:-"),
            ("@Value(\"${db.password:v-1}\")", "password"),
            ("${env:DB_PASSWORD, 'v-1'}", "password"),
            ("const PASSWORD: &'static str = \"v-1\";", "password"),
            ("var dbPassword string = \"v-1\"", "password"),
            ("param adminPassword string = 'v-1'", "password"),
            ("const TOKEN =\n  'v-1';", "token"),
            ("key_secret = Buffer.from('v-1', 'hex')", "secret"),
            ("$password = ConvertTo-SecureString \"v-1\" -AsPlainText", "password"),
            ("char[] password = \"v-1\".toCharArray();", "password"),
            ("- name: DB_PASSWORD\n  value: v-1\n", "password"),
            ("{\"name\": \"DB_PASSWORD\", \"value\": \"v-1\"}", "password"),
            ("variable \"db_password\" {\n  type = string\n  default = \"v-1\"\n}", "password"),
            ("\"adminPassword\": {\n  \"type\": \"securestring\",\n  \"defaultValue\": \"v-1\"}", "password"),
            ("DBPassword:\n    Type: String\n    Default: v-1\n", "password"),
            ("password: |\n    v-1\nnext: x", "password"),
            ("<key>Password</key>\n<string>v-1</string>", "password"),
            ("<entry key=\"password\">v-1</entry>", "password"),
            ("<db user=\"x\" password=\"v-1\"/>", "password"),
            ("ENV SMTP_PASSWORD v-1\nRUN x", "password"),
            ("ENV SMTP_PASSWORD \"v-1\"\nRUN x", "password"),
            ("SMTP_PASSWORD='v-1' ./run.sh", "password"),
            ("ENV['SMTP_PASSWORD'] ||= 'v-1'", "password"),
            ("options.password ??= 'v-1';", "password"),
            ("Set `SMTP_PASSWORD` to `v-1`.", "password"),
            ("PASSWORD_PEPPER=v-1\n", "password"),
            ("csrf_secret = 'v-1'", "secret"),
            ("setx DB_PASSWORD v-1\r\n", "password"),
            ("storePassword 'v-1'\n", "password"),
            ("ALTER USER app WITH PASSWORD 'v-1';", "password"),
            ("token = env['x'] if env else 'v-1'", "token"),
            ("<setting name=\"Password\" serializeAs=\"String\">\n  <value>v-1</value>", "password"),
            ("ENV A=1 SMTP_PASSWORD=v-1 B=2\n", "password"),
            ("PGPASSWORD=v-1 psql -h x", "password"),
            ("kubectl --from-literal=password=v-1 x", "password"),
            ("dsn = \"host=x user=y password=v-1 dbname=z\"", "password"),
            ("\"cache:6380,password=v-1,ssl=True\"", "password"),
            ("\"Password=v-1;Server=x\"", "password"),
            ("- \"API_TOKEN=v-1\"\n", "token"),
            ("curl -H \"X-Auth-Token: v-1\" https://x", "token"),
            ("X-Auth-Token: v-1\r\n", "token"),
            ("args: ['--password', 'v-1']", "password"),
            ("Connect -Password 'v-1'", "password"),
            ("; password = v-1\n", "password"),
            ("set :session_secret, 'v-1'", "secret"),
            ("public string Password { get; set; } = \"v-1\";", "password"),
            ("  password?: string = 'v-1';", "password"),
            ("password: str = field(default=\"v-1\")", "password"),
            ("password: str = Field(\"v-1\", min_length=8)", "password"),
            ("add_argument(\"--password\", default=\"v-1\")", "password"),
            ("add_argument('--password', type=str, default='v-1')", "password"),
            ("| `DB_PASSWORD` | `v-1` | production |", "password"),
            ("| `DB_PASSWORD` | v-1 |", "password"),
            ("<meta name=\"password\" content=\"v-1\">", "password"),
            ("CREATE USER app WITH PASSWORD 'v-1';", "password"),
            ("ALTER ROLE app ENCRYPTED PASSWORD 'v-1';", "password"),
        ] {
            assert_eq!(value(text, keyword), Some("v-1"), "{text}");
        }
    }

    #[test]
    fn names_that_speak_of_something_else() {
        for (text, keyword) in [
            ("passwordField = 'v-1'", "password"),
            ("tokenType: 'v-1'", "token"),
            ("secret_id = 'v-1'", "secret"),
            ("PublicKeyToken=v-1\n", "token"),
            ("next_token = 'v-1'", "token"),
            ("if (password == 'v-1')", "password"),
            ("password = 'v-1' + salt", "password"),
            ("password = 'v-1'.trim()", "password"),
            ("x = token;\n", "token"),
            ("token = lexer.next();\n", "token"),
            ("<password>", "password"),
            ("a = cond ? password : other", "password"),
            ("['user', 'password', 'v-1']", "password"),
            ("bypass: 'v-1'", "pass:"),
            ("interface A { password?: string }", "password"),
            ("the password 'v-1' is too short", "password"),
            ("add_argument('--password', help='v-1')", "password"),
            ("password = getpass('v-1')", "password"),
            ("client_request_token = 'v-1'", "token"),
            ("csrf_token = 'v-1'", "token"),
            ("see the password 'v-1'", "password"),
            ("Set `password` to `v-1", "password"),
            ("- name: DB_PASSWORD\n  valueFrom: x\n- name: X\n  value: v-1\n", "password"),
        ] {
            assert_eq!(value(text, keyword), None, "{text}");
        }
    }

    #[test]
    fn any_cut_is_survived() {
        let text =
            b"`tok` to `x` {\"db_pass\": \"v\\\\1\", pass: str = 'x' <pass>a</pass> --tok=b ${tok:-c} tok || 'd', tok:\n value: e";
        for from in 0..text.len() {
            for to in from..=text.len() {
                let part = &text[from..to];
                for at in 0..part.len() {
                    read(part, at..(at + 3).min(part.len()));
                }
            }
        }
    }
}
