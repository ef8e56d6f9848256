//! Secrets by name: a partner's files say where a password or a key is kept, never what it is.
//!
//! | written | where it is |
//! |---|---|
//! | `cred:NAME` | the file NAME in `$CREDENTIALS_DIRECTORY`, as systemd's `LoadCredential` makes it |
//! | `env:NAME` | the environment variable NAME |
//! | `file:/PATH` | a file that only its owner can read |

use std::fmt;
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The largest secret, in bytes: a long RSA key fits many times over.
const LARGEST: u64 = 64 << 10;

/// Where a secret is kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SecretName {
    /// `cred:NAME`.
    Credential(String),
    /// `env:NAME`.
    Environment(String),
    /// `file:/PATH`.
    File(PathBuf),
}

/// A secret itself. It is never printed, and its bytes are overwritten when it is no longer used.
pub struct Secret(Vec<u8>);

/// Where names are looked up. The environment is read by whoever makes this, and by nobody else.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    /// `$CREDENTIALS_DIRECTORY`.
    pub credentials: Option<PathBuf>,
    /// Looks up an environment variable, e.g. `|name| std::env::var_os(name)`.
    pub environment: Option<fn(&str) -> Option<std::ffi::OsString>>,
}

/// Why a text names no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotASecretName;

/// Why a secret cannot be had. It names the secret's name and never its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretError {
    /// There is no such variable, or none that is text.
    NoVariable(String),
    /// There is no directory of credentials.
    NoCredentials(String),
    /// The file cannot be read.
    Unreadable {
        /// The name.
        name: String,
        /// Why.
        why: String,
    },
    /// Others than the owner may read the file.
    Open(String),
    /// It is empty.
    Empty(String),
    /// It is larger than any secret.
    TooLarge(String),
}

impl FromStr for SecretName {
    type Err = NotASecretName;

    fn from_str(text: &str) -> Result<SecretName, NotASecretName> {
        let (kind, name) = text.split_once(':').ok_or(NotASecretName)?;
        let plain = |extra: &'static str| {
            let good = |c: char| c.is_ascii_alphanumeric() || extra.contains(c);
            !name.is_empty() && name.len() <= 200 && name.chars().all(good)
        };
        match kind {
            "cred" if plain("._-") && !name.starts_with('.') => {
                Ok(SecretName::Credential(name.to_string()))
            }
            "env" if plain("_") && !name.starts_with(|c: char| c.is_ascii_digit()) => {
                Ok(SecretName::Environment(name.to_string()))
            }
            "file" if Path::new(name).is_absolute() && !name.contains(char::is_control) => {
                Ok(SecretName::File(PathBuf::from(name)))
            }
            _ => Err(NotASecretName),
        }
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecretName::Credential(name) => write!(f, "cred:{name}"),
            SecretName::Environment(name) => write!(f, "env:{name}"),
            SecretName::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}

impl Secrets {
    /// The secret of this name. One line end at its end is not a part of it.
    ///
    /// # Errors
    ///
    /// [`SecretError`] if it is not there, cannot be read, is empty, or lies where others can read it.
    pub fn resolve(&self, name: &SecretName) -> Result<Secret, SecretError> {
        let shown = name.to_string();
        let bytes = match name {
            SecretName::Environment(variable) => {
                let value = self.environment.and_then(|look_up| look_up(variable));
                let value = value.and_then(|value| value.into_string().ok());
                value.ok_or(SecretError::NoVariable(shown.clone()))?.into_bytes()
            }
            SecretName::Credential(file) => {
                let folder = self.credentials.as_ref();
                let folder = folder.ok_or(SecretError::NoCredentials(shown.clone()))?;
                read(&folder.join(file), &shown, false)?
            }
            SecretName::File(path) => read(path, &shown, true)?,
        };
        let mut secret = Secret(bytes);
        for end in [b'\n', b'\r'] {
            if secret.0.last() == Some(&end) {
                secret.0.pop();
            }
        }
        if secret.0.is_empty() { Err(SecretError::Empty(shown)) } else { Ok(secret) }
    }
}

fn read(path: &Path, shown: &str, ours_alone: bool) -> Result<Vec<u8>, SecretError> {
    let unreadable = |error: std::io::Error| SecretError::Unreadable {
        name: shown.to_string(),
        why: error.kind().to_string(),
    };
    let file = fs::File::open(path).map_err(unreadable)?;
    // The open file is asked, so that it cannot be another one by the time it is read.
    let mode = file.metadata().map_err(unreadable)?.permissions().mode();
    if ours_alone && mode & 0o077 != 0 {
        return Err(SecretError::Open(shown.to_string()));
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST {
        return Err(SecretError::TooLarge(shown.to_string()));
    }
    Ok(bytes)
}

impl Secret {
    /// A secret of these bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Secret {
        Secret(bytes.into())
    }

    /// The secret, for whoever must use it: never for a log line, an error or a page.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The same as text; `None` if it is none.
    pub fn expose_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.fill(0);
        // Without it the compiler may leave out writing what nobody reads again.
        std::hint::black_box(&self.0);
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl std::error::Error for NotASecretName {}

impl fmt::Display for NotASecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a secret is written cred:NAME, env:NAME or file:/PATH")
    }
}

impl std::error::Error for SecretError {}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecretError::NoVariable(name) => write!(f, "{name}: the variable is not set"),
            SecretError::NoCredentials(name) => write!(
                f,
                "{name}: there is no CREDENTIALS_DIRECTORY; start with systemd's LoadCredential, \
                 or use file:/PATH"
            ),
            SecretError::Unreadable { name, why } => write!(f, "{name}: cannot be read: {why}"),
            SecretError::Open(name) => {
                write!(f, "{name}: others can read the file; take that away with chmod 600")
            }
            SecretError::Empty(name) => write!(f, "{name}: is empty"),
            SecretError::TooLarge(name) => write!(f, "{name}: is larger than 64 KiB"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_and_values_do_not() {
        for text in ["cred:acme-sftp", "env:ACME_PASSWORD", "file:/etc/tieline/acme"] {
            let name: SecretName = text.parse().expect("a name");
            assert_eq!(name.to_string(), text);
        }
        for text in
            ["hunter2", "cred:", "cred:../x", "cred:.x", "env:1A", "env:A B", "file:x", "pass:x"]
        {
            assert_eq!(text.parse::<SecretName>(), Err(NotASecretName), "{text}");
        }
    }

    #[test]
    fn a_secret_is_found_by_its_name_and_is_not_shown() {
        let folder = std::env::temp_dir().join(format!("tieline-secret-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("writable");
        let path = folder.join("acme");
        fs::write(&path, "swordfish\n").expect("writable");
        let secrets = Secrets {
            credentials: Some(folder.clone()),
            environment: Some(|name| (name == "SET").then(|| "swordfish".into())),
        };
        let of = |text: &str| secrets.resolve(&text.parse().expect("a name"));
        for text in ["cred:acme", "env:SET"] {
            let secret = of(text).expect("it is there");
            assert_eq!(secret.expose_text(), Some("swordfish"));
            assert_eq!(format!("{secret:?}"), "Secret(..)");
        }
        let file = format!("file:{}", path.display());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("ours");
        assert_eq!(of(&file).err(), Some(SecretError::Open(file.clone())));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("ours");
        assert!(of(&file).is_ok());
        fs::write(&path, "\n").expect("writable");
        assert_eq!(of("cred:acme").err(), Some(SecretError::Empty("cred:acme".to_string())));
        assert!(matches!(of("cred:none"), Err(SecretError::Unreadable { .. })));
        assert!(matches!(of("env:UNSET"), Err(SecretError::NoVariable(_))));
        assert!(matches!(
            Secrets::default().resolve(&"cred:acme".parse().expect("a name")),
            Err(SecretError::NoCredentials(_))
        ));
        fs::remove_dir_all(&folder).expect("it was made above");
    }
}
