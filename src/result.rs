//! Result version 1: the one document that every report is a pure function of.
