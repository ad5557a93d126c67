//! What every role of an account may do, by one paged call instead of five for each role.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::Client;
use aws_sdk_iam::types::{EntityType, ManagedPolicyDetail, RoleDetail};

use super::failure::describe;
use crate::model::Role;

/// Asks for the roles that functions run under, by ARN.
///
/// # Errors
/// What AWS said. The roles are then known by their ARNs alone.
pub(super) async fn ask(client: &Client, wanted: &BTreeSet<String>) -> Result<BTreeMap<String, Role>, String> {
    let (mut roles, mut policies) = (Vec::new(), BTreeMap::new());
    let mut marker = None;
    loop {
        let page = client
            .get_account_authorization_details()
            .filter(EntityType::Role)
            .filter(EntityType::LocalManagedPolicy)
            .filter(EntityType::AwsManagedPolicy)
            .set_marker(marker)
            .send()
            .await
            .map_err(|error| describe("iam:GetAccountAuthorizationDetails", &error))?;
        policies.extend(page.policies().iter().filter_map(document));
        let more = page.marker().filter(|_| page.is_truncated()).map(str::to_owned);
        let own = |role: &RoleDetail| role.arn().is_some_and(|arn| wanted.contains(arn));
        roles.extend(page.role_detail_list.into_iter().flatten().filter(own));
        if more.is_none() {
            break;
        }
        marker = more;
    }
    Ok(roles.iter().map(|role| (role.arn().unwrap_or_default().to_owned(), read(role, &policies))).collect())
}

/// A policy's ARN and the version of it that counts.
fn document(policy: &ManagedPolicyDetail) -> Option<(String, String)> {
    let current = policy.policy_version_list().iter().find(|version| version.is_default_version())?;
    Some((policy.arn()?.to_owned(), decode(current.document()?)))
}

fn read(role: &RoleDetail, policies: &BTreeMap<String, String>) -> Role {
    let inline = role.role_policy_list().iter();
    let attached = role.attached_managed_policies().iter().filter_map(|policy| policy.policy_arn());
    Role {
        arn: role.arn().unwrap_or_default().to_owned(),
        inline: inline
            .filter_map(|one| Some((one.policy_name()?.to_owned(), decode(one.policy_document()?))))
            .collect(),
        // A document that the answer lacks is an empty one, so that the policy's name is not lost.
        attached: attached.map(|arn| (arn.to_owned(), policies.get(arn).cloned().unwrap_or_default())).collect(),
        boundary: role
            .permissions_boundary()
            .and_then(|boundary| boundary.permissions_boundary_arn())
            .map(str::to_owned),
        trust: role.assume_role_policy_document().map(decode),
    }
}

/// IAM writes documents as they stand in addresses, `%7B%22Version%22...`
/// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html>).
fn decode(document: &str) -> String {
    if document.trim_start().starts_with('{') {
        return document.to_owned();
    }
    let mut bytes = Vec::with_capacity(document.len());
    let mut rest = document.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let code = tail.get(..2).filter(|_| byte == b'%').and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(decoded) => {
                bytes.push(decoded);
                rest = &tail[2..];
            }
            None => {
                bytes.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn documents_are_decoded_and_broken_codes_stay() {
        assert_eq!(decode("%7B%22a%22%3A+%22b%22%7D"), r#"{"a":+"b"}"#);
        assert_eq!(decode(r#"{"a": "50%25"}"#), r#"{"a": "50%25"}"#);
        assert_eq!(decode("%7Bä%zz%7"), "{ä%zz%7");
        assert_eq!(decode("%E2%82%AC"), "€");
    }
}
