//! A function's configuration, as far as local files tell it.

use serde::{Deserialize, Serialize};

use super::Cloud;

/// What is known of a function beside its code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionConfig {
    /// The function's name.
    pub name: Option<String>,
    /// The cloud's own identifier of the function: an ARN.
    pub arn: Option<String>,
    /// `nodejs20.x`, `python3.12`, ...
    pub runtime: Option<String>,
    /// `index.handler`.
    pub handler: Option<String>,
    /// The layers' identifiers, in order.
    pub layers: Vec<String>,
    /// Where it is deployed, and what its cloud says of it there.
    pub cloud: Option<Box<Cloud>>,
}

/// A file of environment variables, read but not yet searched.
///
/// The values may be secrets: the type has no `Debug` and no `Serialize`.
pub struct EnvFile {
    /// Name and value, in the file's order. Names may repeat; every value is searched.
    pub variables: Vec<(String, String)>,
    /// What the file tells beside variables.
    pub config: FunctionConfig,
    /// The cloud could not decrypt the variables; its own words.
    pub error: Option<String>,
}
