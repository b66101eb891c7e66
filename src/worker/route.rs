//! Which path leads where. Both forms of a path, with and without a slash at its end, are the same: a client that follows a
//! redirect on an MCP URL loses its token or its body on the way.

/// One of the two MCP endpoints. Each is a protected resource of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum McpEndpoint {
    /// `/mcp`: sign-in only where a tool needs it.
    Lazy,
    /// `/private/mcp`: every request needs a token.
    Private,
}

impl McpEndpoint {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Lazy, Self::Private];

    /// Its path.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Lazy => "/mcp",
            Self::Private => "/private/mcp",
        }
    }
}

/// What a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// `/`.
    Home,
    Mcp(McpEndpoint),
    /// RFC 9728 §3.1: the well-known segment stands before the path of the resource. Without a path it describes `/mcp`.
    ProtectedResourceMetadata(McpEndpoint),
    NotFound,
}

impl Route {
    /// The route of a path, which is taken as it was sent.
    pub(crate) fn of(path: &str) -> Self {
        let path = path.strip_suffix('/').unwrap_or(path);
        match path {
            "" => return Self::Home,
            "/.well-known/oauth-protected-resource" => return Self::ProtectedResourceMetadata(McpEndpoint::Lazy),
            _ => {}
        }
        for endpoint in McpEndpoint::ALL {
            if path == endpoint.path() {
                return Self::Mcp(endpoint);
            }
            if path.strip_prefix("/.well-known/oauth-protected-resource") == Some(endpoint.path()) {
                return Self::ProtectedResourceMetadata(endpoint);
            }
        }
        Self::NotFound
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_slash_forms_are_the_same_path() {
        for (path, route) in [
            ("/", Route::Home),
            ("/mcp", Route::Mcp(McpEndpoint::Lazy)),
            ("/mcp/", Route::Mcp(McpEndpoint::Lazy)),
            ("/private/mcp/", Route::Mcp(McpEndpoint::Private)),
            ("/.well-known/oauth-protected-resource", Route::ProtectedResourceMetadata(McpEndpoint::Lazy)),
            ("/.well-known/oauth-protected-resource/mcp", Route::ProtectedResourceMetadata(McpEndpoint::Lazy)),
            (
                "/.well-known/oauth-protected-resource/private/mcp/",
                Route::ProtectedResourceMetadata(McpEndpoint::Private),
            ),
        ] {
            assert_eq!(Route::of(path), route, "{path}");
        }
    }

    #[test]
    fn nothing_else_is_taken_for_an_endpoint() {
        for path in
            ["/mcp//", "/MCP", "/mcp/x", "//mcp", "/private", "/private/mcpx", "/%6dcp", "/.well-known", "/mcp.", "mcp"]
        {
            assert_eq!(Route::of(path), Route::NotFound, "{path}");
        }
    }
}
