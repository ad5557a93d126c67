//! `--notify`: tells somebody what a sweep found new.

use std::env;

use anyhow::{Context, Result, bail};

use super::args::NotifyArgs;
use super::output;
use crate::notify::{self, KEY_VARIABLE, Key, Webhook};
use crate::policy::{State, Verdict};
use crate::report::{NoticeFormat, notice};

/// Whom to tell, and how.
pub(super) struct Notices {
    webhooks: Vec<Webhook>,
    format: NoticeFormat,
    key: Option<Key>,
    always: bool,
}

/// Reads the arguments; what is wrong with them is told before the work begins.
pub(super) fn notices(args: &NotifyArgs) -> Result<Notices> {
    let format = NoticeFormat::by_id(&args.notify_format)
        .with_context(|| format!("--notify-format is json or slack, not '{}'", args.notify_format.escape_default()))?;
    // The addresses are secrets: an error says which one by its number.
    let parse =
        |(at, text): (usize, &String)| Webhook::parse(text).with_context(|| format!("--notify, number {}", at + 1));
    let webhooks = args.notify.iter().enumerate().map(parse).collect::<Result<Vec<_>>>()?;
    let key = env::var_os(KEY_VARIABLE).map(|key| Key::new(key.as_encoded_bytes())).transpose()?;
    if args.notify_always && webhooks.is_empty() {
        bail!("--notify-always needs --notify");
    }
    Ok(Notices { webhooks, format, key, always: args.notify_always })
}

impl Notices {
    /// Posts where something new violates the policy, or always. All receivers are told, also where one of them fails.
    pub(super) fn send(&self, verdict: &Verdict) -> Result<()> {
        // Not the exit code, for which --fail-on-existing counts what was there before.
        let mut findings = verdict.targets.iter().flat_map(|target| &target.findings);
        if !self.always && !findings.any(|judged| judged.violates && judged.state == State::New) {
            return Ok(());
        }
        let Some(body) = notice(verdict, self.format) else { return Ok(()) };
        let post = |webhook| notify::post(webhook, &body, self.key.as_ref(), &notify::patience());
        let failed: Vec<String> =
            self.webhooks.iter().filter_map(|webhook| post(webhook).err()).map(|error| error.to_string()).collect();
        failed.iter().for_each(|error| output::error(error));
        match failed.len() {
            0 => Ok(()),
            count => bail!("{count} of {} notices could not be delivered", self.webhooks.len()),
        }
    }
}
