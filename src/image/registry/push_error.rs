//! Why an image was not pushed.

use std::io;

/// Each names what was asked of whom.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PushError {
    /// No answer, or none that is HTTP.
    #[error("`{host}` can't be reached: {why}")]
    Unreachable { host: String, why: String },
    /// An answer that is a no.
    #[error("the registry refused {what}: {why}")]
    Refused {
        what: String,
        why: String,
        /// Logging in may help.
        login: bool,
    },
    /// Plain HTTP to somewhere else.
    #[error("`--insecure` uses plain HTTP, and only to this machine; `{0}` is another one")]
    Insecure(String),
    /// A registry that sends from https to http.
    #[error("the registry leads to `{0}`, which is not encrypted")]
    Downgraded(String),
    /// Redirects without an end.
    #[error("the registry redirects too often, last to `{0}`")]
    Circling(String),
    /// An address that is none.
    #[error("`{0}` is not an address")]
    BadAddress(String),
    /// A registry that stored something else.
    #[error("the registry stored {stored} where {sent} was sent")]
    Different {
        /// What it says that it has.
        stored: String,
        sent: String,
    },
    /// What is under the tag for referrers can't be added to.
    #[error("the tag `{tag}` is to name the documents of this image, and {why}")]
    Referrers { tag: String, why: String },
    /// Docker's configuration or a helper.
    #[error("{0}")]
    Credentials(String),
    /// Our own temporary file.
    #[error("a layer can't be read: {0}")]
    Blob(io::Error),
    /// An image of nothing.
    #[error("there is nothing to push")]
    Empty,
}
