//! Roles with their policies
//! (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html>).

use std::collections::BTreeMap;

use super::raw::Policy;
use super::{Page, filled};
use crate::formats::lenient::{List, Text, record};
use crate::model::Role;

/// What is in the list: of each, one page may hold what another one refers to.
pub(in crate::source) enum Access {
    /// A role; its attached policies and its boundary are names alone.
    Role(Role),
    /// A policy that roles attach: its ARN and its document.
    Policy(String, String),
}

record! {
    struct Account<'de> {
        "RoleDetailList" => roles: List<Printed<'de>>,
        "Policies" => policies: List<Managed<'de>>,
        "Marker" => marker: Text<'de>,
        "NextToken" => token: Text<'de>,
    }
}

record! {
    struct Printed<'de> {
        "Arn" => arn: Text<'de>,
        "AssumeRolePolicyDocument" => trust: Policy,
        "RolePolicyList" => inline: List<Inline<'de>>,
        "AttachedManagedPolicies" => attached: List<Attached<'de>>,
        "PermissionsBoundary" => boundary: Boundary<'de>,
    }
}

record! {
    struct Inline<'de> {
        "PolicyName" => name: Text<'de>,
        "PolicyDocument" => document: Policy,
    }
}

record! {
    struct Attached<'de> {
        "PolicyArn" => arn: Text<'de>,
    }
}

record! {
    struct Boundary<'de> {
        "PermissionsBoundaryArn" => arn: Text<'de>,
    }
}

record! {
    struct Managed<'de> {
        "Arn" => arn: Text<'de>,
        "DefaultVersionId" => default: Text<'de>,
        "PolicyVersionList" => versions: List<Version<'de>>,
    }
}

record! {
    struct Version<'de> {
        "VersionId" => id: Text<'de>,
        "IsDefaultVersion" => is_default: bool,
        "Document" => document: Policy,
    }
}

pub(super) fn account(text: &str) -> Result<Page<Access>, serde_json::Error> {
    let account: Account<'_> = filled(text)?;
    let marks = [&account.marker, &account.token];
    let mut page = Page::of(account.roles, &marks, |printed| printed.taken().map(Access::Role));
    let policies = Page::of(account.policies, &[], Managed::taken);
    page.cut |= policies.cut;
    page.items.extend(policies.items);
    Ok(page)
}

impl Printed<'_> {
    fn taken(self) -> Option<Role> {
        let inline = self.inline.items.into_iter();
        let attached = self.attached.items.into_iter();
        Some(Role {
            arn: self.arn?.into_owned(),
            inline: inline.filter_map(|one| Some((one.name?.into_owned(), one.document.0?))).collect(),
            attached: attached
                .filter_map(|one| Some((one.arn?.into_owned(), String::new())))
                .collect::<BTreeMap<_, _>>(),
            boundary: self.boundary.arn.map(|arn| arn.into_owned()),
            boundary_policy: None,
            trust: self.trust.0,
        })
    }
}

impl Managed<'_> {
    /// The version that counts.
    fn taken(self) -> Option<Access> {
        let default = self.default;
        let mut versions = self.versions.items.into_iter();
        let counts = versions.find(|one| one.is_default || (default.is_some() && one.id == default))?;
        Some(Access::Policy(self.arn?.into_owned(), counts.document.0?))
    }
}
