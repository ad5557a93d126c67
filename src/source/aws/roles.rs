//! What every role of an account may do, by one paged call instead of five for each role.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::Client;
use aws_sdk_iam::types::{EntityType, ManagedPolicyDetail, RoleDetail};

use super::super::aws_json::policy;
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
fn document(managed: &ManagedPolicyDetail) -> Option<(String, String)> {
    let current = managed.policy_version_list().iter().find(|version| version.is_default_version())?;
    Some((managed.arn()?.to_owned(), policy(current.document()?)))
}

fn read(role: &RoleDetail, policies: &BTreeMap<String, String>) -> Role {
    let inline = role.role_policy_list().iter();
    let attached = role.attached_managed_policies().iter().filter_map(|one| one.policy_arn());
    let boundary = role.permissions_boundary().and_then(|boundary| boundary.permissions_boundary_arn());
    Role {
        arn: role.arn().unwrap_or_default().to_owned(),
        inline: inline
            .filter_map(|one| Some((one.policy_name()?.to_owned(), policy(one.policy_document()?))))
            .collect(),
        // A document that the answer lacks is an empty one, so that the policy's name is not lost.
        attached: attached.map(|arn| (arn.to_owned(), policies.get(arn).cloned().unwrap_or_default())).collect(),
        boundary_policy: boundary.and_then(|arn| policies.get(arn).cloned()),
        boundary: boundary.map(str::to_owned),
        trust: role.assume_role_policy_document().map(policy),
    }
}
