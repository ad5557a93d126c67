//! Trivy's secret rules under the names that they have here: who ignored one there means the same secrets here.
//!
//! Of the rules of Trivy 0.68
//! (<https://github.com/aquasecurity/trivy/blob/main/pkg/fanal/secret/builtin-rules.go>) those whose format a rule here
//! finds under another name. One that is not in the table is a name like any other: it waives what is called so.

use std::collections::BTreeSet;

use crate::policy::condition::Condition;

/// Trivy's name, and ours.
const RULES: &[(&str, &[&str])] = &[
    ("alibaba-access-key-id", &["alibaba-access-key"]),
    ("alibaba-secret-key", &["alibaba-access-secret"]),
    ("atlassian-api-token", &["atlassian-legacy-token"]),
    ("aws-access-key-id", &["aws-temporary-key-id"]),
    ("beamer-api-token", &["beamer-api-key"]),
    ("clojars-api-token", &["clojars-token"]),
    ("contentful-delivery-api-token", &["contentful-delivery-token"]),
    ("databricks-api-token", &["databricks-token"]),
    ("dockerconfig-secret", &["docker-config-auth"]),
    ("doppler-api-token", &["doppler-token"]),
    ("dropbox-api-secret", &["dropbox-app-secret"]),
    ("dropbox-long-lived-api-token", &["dropbox-long-lived-token"]),
    ("dropbox-short-lived-api-token", &["dropbox-token"]),
    ("duffel-api-token", &["duffel-token"]),
    ("dynatrace-api-token", &["dynatrace-token"]),
    ("easypost-api-token", &["easypost-api-key"]),
    ("facebook-token", &["facebook-app-secret"]),
    ("finicity-client-secret", &["finicity-secret"]),
    ("frameio-api-token", &["frameio-token"]),
    ("gcp-service-account", &["google-service-account"]),
    ("github-app-token", &["github-app-installation-token", "github-app-user-token"]),
    ("github-fine-grained-pat", &["github-fine-grained-token"]),
    ("github-oauth", &["github-oauth-token"]),
    ("github-pat", &["github-personal-access-token"]),
    ("gitlab-pat", &["gitlab-personal-access-token"]),
    ("gocardless-api-token", &["gocardless-token"]),
    ("grafana-api-token", &["grafana-api-key"]),
    ("hashicorp-tf-api-token", &["terraform-cloud-token"]),
    ("hubspot-api-token", &["hubspot-legacy-key"]),
    ("hugging-face-access-token", &["huggingface-token"]),
    ("ionic-api-token", &["ionic-token"]),
    ("jwt-token", &["jwt"]),
    ("linear-api-token", &["linear-api-key"]),
    ("linkedin-client-secret", &["linkedin-secret"]),
    ("mailgun-token", &["mailgun-api-key", "mailgun-public-key"]),
    ("new-relic-browser-api-token", &["newrelic-browser-key"]),
    ("new-relic-user-api-key", &["newrelic-user-key"]),
    ("npm-access-token", &["npm-token"]),
    ("postman-api-token", &["postman-api-key"]),
    ("private-key", &["pgp-private-key"]),
    ("private-packagist-token", &["packagist-prefixed-token"]),
    ("pulumi-api-token", &["pulumi-token"]),
    ("pypi-upload-token", &["pypi-token"]),
    ("rubygems-api-token", &["rubygems-api-key"]),
    ("sendgrid-api-token", &["sendgrid-api-key"]),
    ("sendinblue-api-token", &["brevo-api-key"]),
    ("shippo-api-token", &["shippo-token"]),
    (
        "shopify-token",
        &["shopify-access-token", "shopify-app-secret", "shopify-custom-app-token", "shopify-private-app-password"],
    ),
    ("slack-access-token", &["slack-bot-token", "slack-legacy-bot-token", "slack-legacy-token", "slack-user-token"]),
    ("slack-web-hook", &["slack-webhook"]),
    ("stripe-secret-token", &["stripe-secret-key", "stripe-test-key"]),
    ("twitch-api-token", &["twitch-client-secret"]),
    ("typeform-api-token", &["typeform-token"]),
];

/// What an id of an ignore file names: itself, and the rules that find the same here.
pub(super) fn named(id: &str) -> Condition {
    let ours = RULES.iter().filter(|(theirs, _)| *theirs == id).flat_map(|(_, ours)| *ours);
    let all: BTreeSet<String> = [id].iter().chain(ours).map(|id| Condition::key(id)).collect();
    Condition::Id(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Engine;

    #[test]
    fn every_name_is_a_rule_and_the_table_is_sorted() {
        let known: BTreeSet<&str> = Engine::builtin().rules().iter().map(|rule| rule.id.as_str()).collect();
        for (theirs, ours) in RULES {
            assert!(ours.iter().all(|id| known.contains(id) && id != theirs), "{theirs}: {ours:?}");
        }
        assert!(RULES.is_sorted_by_key(|(theirs, _)| theirs));
    }
}
