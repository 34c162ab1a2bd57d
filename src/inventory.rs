//! Everything that was read, with what could not be read, in one place to ask.
