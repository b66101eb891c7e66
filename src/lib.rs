//! The Worker. `connector.rs` is the file to edit.

mod connector;

mcp_connector::serve!(connector::connector);
