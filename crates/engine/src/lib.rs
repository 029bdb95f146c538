//! Sans-I/O machines: handle(input, now, rng, view) -> effects.
