//! Where a function is deployed: what its cloud says, else what its ARN tells.

use crate::model::FunctionConfig;

/// The parts of an identity in a cloud; `None` is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deployed<'a> {
    pub provider: Option<&'a str>,
    /// `aws`, `aws-cn`, `aws-us-gov`
    pub partition: Option<&'a str>,
    pub account: Option<&'a str>,
    pub region: Option<&'a str>,
    /// As the cloud names it as a whole.
    pub arn: Option<&'a str>,
    pub function: Option<&'a str>,
    /// A version or an alias.
    pub qualifier: Option<&'a str>,
}

impl<'a> Deployed<'a> {
    /// Of a function's configuration.
    pub fn of(config: &'a FunctionConfig) -> Deployed<'a> {
        let told = config.arn.as_deref().map(Deployed::named).unwrap_or_default();
        let Some(cloud) = &config.cloud else { return told };
        Deployed {
            provider: Some(&cloud.provider),
            account: cloud.account.as_deref().or(told.account),
            region: cloud.region.as_deref().or(told.region),
            qualifier: cloud.qualifier.as_deref().or(told.qualifier),
            ..told
        }
    }

    /// An ARN's parts: `arn:partition:service:region:account:function:name[:qualifier]`
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>). Parts that are empty or absent are
    /// unknown.
    pub fn named(arn: &'a str) -> Deployed<'a> {
        let parts: Vec<&str> = arn.split(':').collect();
        let is_arn = parts.first() == Some(&"arn");
        let part = |at: usize| parts.get(at).copied().filter(|part| is_arn && !part.is_empty());
        Deployed {
            provider: is_arn.then_some("aws"),
            partition: part(1),
            account: part(4),
            region: part(3),
            arn: Some(arn),
            function: part(6),
            qualifier: part(7),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Cloud;

    #[test]
    fn a_cloud_knows_better_than_a_name() {
        let arn = "arn:aws-cn:lambda:cn-north-1:123456789012:function:checkout:7".to_owned();
        let config = FunctionConfig { arn: Some(arn), ..FunctionConfig::default() };
        let told = Deployed::of(&config);
        assert_eq!((told.provider, told.partition, told.account), (Some("aws"), Some("aws-cn"), Some("123456789012")));
        assert_eq!((told.region, told.function, told.qualifier), (Some("cn-north-1"), Some("checkout"), Some("7")));
        let cloud = Cloud { provider: "aws".to_owned(), region: Some("us-east-1".to_owned()), ..Cloud::default() };
        let asked = FunctionConfig { cloud: Some(Box::new(cloud)), ..config.clone() };
        assert_eq!(Deployed::of(&asked), Deployed { region: Some("us-east-1"), ..told });
    }

    #[test]
    fn what_is_no_arn_tells_nothing() {
        let told = Deployed::named("projects/x/locations/y");
        assert_eq!(told, Deployed { arn: Some("projects/x/locations/y"), ..Deployed::default() });
        assert_eq!(Deployed::named("arn:aws:lambda:::function:").function, None);
        assert_eq!(Deployed::of(&FunctionConfig::default()), Deployed::default());
    }
}
