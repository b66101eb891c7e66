//! The fuzz targets as modules, for the test that runs them without a fuzzer.

macro_rules! targets {
    ($($name:ident),* $(,)?) => {
        $(mod $name;)*

        /// Each target's name and function.
        pub const TARGETS: &[(&str, fn(&[u8]) -> bool)] = &[$((stringify!($name), $name::run)),*];
    };
}

targets![
    access_token,
    authorization_request,
    bearer_header,
    client_authentication,
    client_id_url,
    client_metadata,
    codec,
    cookie_header,
    external_token,
    form_body,
    header_value,
    id_token,
    json_rpc,
    json_schema,
    last_event_id,
    opaque_tokens,
    provider_documents,
    redirect_uri,
    registered_client_id,
    registration,
    schema_pattern,
    scope,
    sealed_text,
    session_id,
    traceparent,
    uri_template,
    web_url,
];
