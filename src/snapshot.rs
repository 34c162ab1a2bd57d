//! One portable file that holds a recorded estate.
