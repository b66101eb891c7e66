//! Browsers that are remembered after a sign-in: a person who comes back in one of them allows a known application without the
//! passphrase. What is remembered is a row with the person's grants, and a sealed cookie that names one browser of it.

pub mod allowed_redirect;
pub mod browser_cookie;
pub mod browser_name;
pub mod remembered_browser;
pub mod remembered_browsers;
