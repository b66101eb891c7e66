//! The settings of a company's policy: which clients people may connect, which groups they need, and how long access lasts.

use std::time::Duration;

use mcp_connector_oauth::grants::limits::Limits;
use mcp_connector_oauth::login::access_rules::{AccessKeyRule, AccessRules};
use mcp_connector_oauth::login::required_groups::RequiredGroups;
use mcp_connector_oauth::web::allowed_clients::{AllowedClients, ClientHosts, LocalClients};

use crate::config::settings::{Expected, Setting, SettingError};
use crate::config::variables::Variables;

const HOUR: u64 = 3600;
/// The longest life of a sign-in, and the longest time without use, in hours: what [`Limits`] allows.
const LONGEST_SIGN_IN: u32 = 90 * 24;
const LONGEST_IDLE: u32 = 30 * 24;
/// The longest life of an access key, in days.
const LONGEST_KEY: u32 = 365;

/// The policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    /// `REQUIRED_GROUPS`, `ALLOWED_CLIENT_HOSTS`, `LOCAL_CLIENTS`, `ACCESS_KEYS`, `ACCESS_KEY_DAYS` and `PROVIDER_ONLY`.
    pub(crate) rules: AccessRules,
    /// `SIGN_IN_HOURS`: how long the sign-in of an app lasts.
    sign_in: Duration,
    /// `SIGN_IN_IDLE_HOURS`: how long it lasts without being used.
    sign_in_idle: Duration,
}

/// Who says who somebody is, as far as the policy depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IdentitySources {
    /// People sign in here with the passphrase.
    pub(crate) passphrase: bool,
    /// Trusted issuers admit people.
    pub(crate) trusted_issuers: bool,
}

impl IdentitySources {
    /// Reads them. Where a setting names another server, nobody signs in here.
    pub(crate) fn read(variables: &Variables<'_>, other_server: Option<Setting>) -> Self {
        let identity = variables.text(Setting::Identity);
        Self {
            passphrase: other_server.is_none() && matches!(identity.as_deref(), None | Some("passphrase")),
            trusted_issuers: variables.text(Setting::TrustedIssuers).is_some(),
        }
    }
}

impl Policy {
    /// Reads which clients may be connected. Redirect URIs and the clients of the configuration have to keep to it.
    pub(crate) fn read_clients(read: &mut Variables<'_>) -> AllowedClients {
        let hosts = read.parsed(Setting::AllowedClientHosts, None, None, |text| ClientHosts::parse(text).map(Some));
        let choices = [("on", Some(LocalClients::Allowed)), ("off", Some(LocalClients::Refused))];
        let local = read.choice(Setting::LocalClients, &choices, None, Some(LocalClients::Refused));
        AllowedClients::new(hosts, local)
    }

    /// Reads the rest.
    pub(crate) fn read(read: &mut Variables<'_>, clients: AllowedClients, sources: IdentitySources) -> Self {
        let none = RequiredGroups::default;
        let groups = read.parsed(Setting::RequiredGroups, none(), none(), |text| {
            let groups = RequiredGroups::parse(text)?;
            // Of the owner of a passphrase no groups are known, so that nobody could be admitted.
            let is_known = !sources.passphrase || sources.trusted_issuers;
            if is_known { Ok(groups) } else { Err(Expected::GroupsOfNobody) }
        });
        let is_provider_only = read.choice(Setting::ProviderOnly, &[("true", true), ("false", false)], false, true);
        if is_provider_only && sources.passphrase {
            read.refuse(SettingError { setting: Setting::ProviderOnly, expected: Expected::NoProvider });
        }
        let keys = read.choice(Setting::AccessKeys, &[("on", Some(true)), ("off", Some(false))], None, Some(false));
        if is_provider_only && keys == Some(true) {
            read.refuse(SettingError {
                setting: Setting::AccessKeys,
                expected: Expected::OffBeside(Setting::ProviderOnly),
            });
        }
        let days = read.number(Setting::AccessKeyDays, LONGEST_KEY, 1, LONGEST_KEY);
        let keys = if is_provider_only || keys == Some(false) {
            AccessKeyRule::Off
        } else {
            AccessKeyRule::UpTo { days: u16::try_from(days).unwrap_or(u16::MAX) }
        };
        let mut hours =
            |setting, longest| Duration::from_secs(u64::from(read.number(setting, longest, 1, longest)) * HOUR);
        Self {
            sign_in: hours(Setting::SignInHours, LONGEST_SIGN_IN),
            sign_in_idle: hours(Setting::SignInIdleHours, LONGEST_IDLE),
            rules: AccessRules { clients, groups, keys },
        }
    }

    /// Returns the limits of grants.
    pub(crate) fn limits(&self) -> Limits {
        let usual = Limits::default();
        let (absolute, idle) = (self.sign_in.as_secs(), self.sign_in_idle.as_secs());
        Limits { absolute: absolute.min(usual.absolute), idle: idle.min(usual.idle), ..usual }
    }

    /// Returns the longest life of an access key in days. `None` if there are no keys.
    pub(crate) const fn access_key_days(&self) -> Option<u16> {
        match self.rules.keys {
            AccessKeyRule::Off => None,
            AccessKeyRule::UpTo { days } => Some(days),
        }
    }
}
