//! Webhooks: Slack's, and any that takes JSON.

use std::path::PathBuf;
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::Secret;
use crate::backend::http::{Hook, Post};
use crate::model::health::Severity;
use crate::ops::alerts::hexadecimal;
use crate::ops::alerts::message::{Event, Tell};
use crate::sys::clock;

/// Where a webhook is.
#[derive(Debug, Clone)]
pub(super) struct Address {
    /// A secret one, or one that the settings name.
    pub(super) url: Result<Secret, Hook>,
    pub(super) ca_file: Option<PathBuf>,
}

impl Address {
    fn hook(&self) -> Result<Hook, String> {
        match &self.url {
            Err(hook) => Ok(hook.clone()),
            Ok(secret) => Hook::parse(&secret.read()?).map_err(|why| format!("{secret}: {why}")),
        }
    }

    fn post(&self, fields: &[(&str, String)], body: &[u8], limit: Duration) -> Result<(), String> {
        let hook = self.hook()?;
        let ca_file = self.ca_file.as_deref();
        let post = Post { content_type: "application/json", fields, body, ca_file };
        let delivered = hook.deliver(&post, limit);
        delivered.map(|_| ()).map_err(|fault| format!("{hook}: {}", fault.why))
    }
}

/// An incoming webhook of Slack, or of what speaks like it (Mattermost, Rocket.Chat).
#[derive(Debug, Clone)]
pub(super) struct Slack {
    pub(super) address: Address,
}

impl Slack {
    pub(super) fn check(&self) -> Result<(), String> {
        self.address.hook().map(|_| ())
    }

    pub(super) fn send(&self, event: &Event, limit: Duration) -> Result<(), String> {
        self.address.post(&[], slack_body(event).to_string().as_bytes(), limit)
    }
}

/// Source: Slack, "Sending messages using incoming webhooks" and "Secondary message attachments".
fn slack_body(event: &Event) -> Value {
    let color = match (event.state, event.severity) {
        (Tell::Resolved, _) => "good",
        (Tell::Test, _) | (_, Severity::Info) => "#439fe0",
        (_, Severity::Warning) => "warning",
        (_, Severity::Critical) => "danger",
    };
    let lines: Vec<String> = event.lines().iter().map(|line| escaped(line)).collect();
    let headline = escaped(&event.headline());
    json!({
        "text": headline,
        "attachments": [{
            "color": color,
            "fallback": headline,
            "text": lines.join("\n"),
            // Queue names with asterisks or underscores stay as they are.
            "mrkdwn_in": [],
        }],
    })
}

/// A text in which nothing mentions somebody or links somewhere. Source: Slack, "Formatting text for
/// app surfaces", escaping.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A webhook that takes the event as it is.
#[derive(Debug, Clone)]
pub(super) struct Webhook {
    pub(super) address: Address,
    pub(super) secret: Option<Secret>,
}

impl Webhook {
    pub(super) fn check(&self) -> Result<(), String> {
        self.address.hook()?;
        self.secret.as_ref().map_or(Ok(()), |secret| secret.read().map(|_| ()))
    }

    pub(super) fn send(&self, event: &Event, limit: Duration) -> Result<(), String> {
        let body = serde_json::to_string(event).map_err(|error| error.to_string())?;
        let mut fields = vec![("Idempotency-Key", event.id.clone())];
        if let Some(secret) = &self.secret {
            let at = clock::now().as_second();
            fields.push(("X-Jobctl-Signature", signature(&secret.read()?, at, &body)?));
        }
        self.address.post(&fields, body.as_bytes(), limit)
    }
}

/// `t=UNIX,v1=HEX`: HMAC-SHA256 over the moment, a dot and the body, so that an old message cannot
/// be sent again later.
fn signature(secret: &str, at: i64, body: &str) -> Result<String, String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .map_err(|error| format!("the secret cannot be used: {error}"))?;
    mac.update(format!("{at}.{body}").as_bytes());
    Ok(format!("t={at},v1={}", hexadecimal(&mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::alerts::message::Place;

    #[test]
    fn signature_is_that_of_openssl() {
        // printf '1700000000.{}' | openssl dgst -sha256 -hmac key
        let expected =
            "t=1700000000,v1=9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae";
        assert_eq!(signature("key", 1_700_000_000, "{}").unwrap(), expected);
    }

    #[test]
    fn slack_text_mentions_nobody() {
        let mut event =
            Event::test("c", "2026-01-02T03:04:05Z".parse().unwrap(), &Place::default());
        event.state = Tell::Firing;
        event.evidence = vec!["queue <!channel> & <https://evil.example|here>".to_owned()];
        let body = slack_body(&event);
        let text = body["attachments"][0]["text"].as_str().unwrap();
        assert!(text.contains("queue &lt;!channel&gt; &amp; &lt;https://evil"), "{text}");
        assert!(!text.contains('<'));
    }
}
