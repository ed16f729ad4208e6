//! The model file: TOML to [`NetworkSpec`].

mod network_spec;

pub use network_spec::*;
