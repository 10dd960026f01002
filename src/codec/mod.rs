//! Readers for what Python programs leave in Redis. Bounded, and nothing is ever executed.
