//! Checks × resources → findings, on the live and on the declared side.
