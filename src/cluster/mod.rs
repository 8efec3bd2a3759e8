//! What is known of the cluster: the view that rules look things up in, and where it comes from.

pub mod view;
