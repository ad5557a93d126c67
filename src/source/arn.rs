//! ARNs of functions (<https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html>).

/// A function's ARN, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FunctionArn<'a> {
    /// Without what follows the name.
    pub unqualified: &'a str,
    /// `eu-west-1`
    pub region: &'a str,
    /// Twelve digits.
    pub account: &'a str,
    /// `orders`
    pub name: &'a str,
    /// A version's number, `$LATEST`, an alias.
    pub qualifier: Option<&'a str>,
}

impl<'a> FunctionArn<'a> {
    /// `None` for whatever else.
    pub fn parse(text: &'a str) -> Option<FunctionArn<'a>> {
        let mut parts = text.split(':');
        let mut next = || parts.next().filter(|part| !part.is_empty());
        let (head, _partition, service) = (next()?, next()?, next()?);
        let (region, account, kind, name) = (next()?, next()?, next()?, next()?);
        let qualifier = next();
        if (head, service, kind) != ("arn", "lambda", "function") || next().is_some() {
            return None;
        }
        let unqualified = qualifier.map_or(text, |qualifier| &text[..text.len() - qualifier.len() - 1]);
        Some(FunctionArn { unqualified, region, account, name, qualifier })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_with_and_without_a_version() {
        let plain = "arn:aws:lambda:eu-west-1:123456789012:function:orders";
        let arn = FunctionArn::parse(plain).unwrap();
        assert_eq!((arn.region, arn.account, arn.name, arn.qualifier), ("eu-west-1", "123456789012", "orders", None));
        for qualifier in ["$LATEST", "7", "live"] {
            let text = format!("{plain}:{qualifier}");
            let arn = FunctionArn::parse(&text).unwrap();
            assert_eq!((arn.unqualified, arn.qualifier), (plain, Some(qualifier)));
        }
    }

    #[test]
    fn whatever_else_is_none() {
        for text in [
            "",
            "orders",
            "arn:aws:lambda:eu-west-1:123456789012:layer:base:7",
            "arn:aws:s3:::bucket",
            "arn:aws:lambda:eu-west-1::function:orders",
            "arn:aws:lambda:eu-west-1:123456789012:function:orders:7:8",
        ] {
            assert_eq!(FunctionArn::parse(text), None, "{text}");
        }
    }
}
