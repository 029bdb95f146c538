//! Builders, scenarios and the seeded simulator.
