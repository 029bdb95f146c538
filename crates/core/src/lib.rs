//! Pure values and rules: no I/O, no async, no clock, no randomness of its own.
