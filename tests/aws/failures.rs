//! What AWS and the network can do wrong.
