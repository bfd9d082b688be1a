//! The chapters: one folder each, the mathematics in `mod.rs` and the experiment in `run.rs`. They
//! are built on the public part of the crate alone, so that whatever a chapter does, a notebook
//! cell can do.

pub mod bridge;
pub mod continuous_flows;
pub mod couplings;
pub mod diffusion;
pub mod flow_matching;
pub mod gan;
pub mod guidance;
pub mod interpolants;
pub mod judging;
pub mod networks;
pub mod normalizing_flows;
pub mod odes;
pub mod one_network;
pub mod rectified_flow;
pub mod reverse_mode;
pub mod score_matching;
pub mod sdes;
pub mod second_derivatives;
pub mod side_by_side;
pub mod speed;
pub mod tensors;
pub mod vae;

use crate::check::Chapter;
use crate::experiment::Experiment;

/// What runs if no name is given: the README's first picture.
pub const FIRST: &Experiment = &flow_matching::run::MOONS;

/// Every experiment, by the names that `pushforward run` takes.
pub const EXPERIMENTS: &[Experiment] = &[
    tensors::run::TENSORS,
    reverse_mode::run::REVERSE_MODE,
    second_derivatives::run::SECOND_DERIVATIVES,
    networks::run::NETWORKS,
    networks::run_failures::FAILURES,
    speed::run::SPEED,
    bridge::run::BRIDGE,
    flow_matching::run::MOONS,
    flow_matching::run::EIGHT_GAUSSIANS,
    flow_matching::run::CHECKERBOARD,
    flow_matching::run_paths::PATHS,
    judging::run::CLASSIFIER,
    gan::run_line::LINE,
    gan::run_two_numbers::TWO_NUMBERS,
    gan::run_eight::EIGHT_GAUSSIANS,
    gan::run_collapse::COLLAPSE,
    gan::run_digits::DIGITS,
    vae::run::VAE,
    vae::run_plane::PLANE,
    vae::run_linear::LINEAR,
    vae::run_beta::BETA,
    diffusion::run::MOONS,
    diffusion::run_schedules::SCHEDULES,
    diffusion::run_predictions::PREDICTIONS,
    diffusion::run_digits::DIGITS,
    normalizing_flows::run::MOONS,
    normalizing_flows::run_densities::DENSITIES,
    normalizing_flows::run_coordinates::COORDINATES,
    normalizing_flows::run_families::FAMILIES,
    normalizing_flows::run_digits::DIGITS,
    odes::run::ODES,
    odes::run_adaptive::ADAPTIVE,
    odes::run_stiff::STIFF,
    continuous_flows::run::MOONS,
    continuous_flows::run_adjoint::ADJOINT,
    continuous_flows::run_trace::TRACE,
    continuous_flows::run_likelihood::LIKELIHOOD,
    continuous_flows::run_densities::DENSITIES,
    sdes::run::SDES,
    sdes::run_langevin::LANGEVIN,
    sdes::run_extension::EXTENSION,
    sdes::run_reverse::REVERSE,
    score_matching::run::SCORE,
    score_matching::run_losses::LOSSES,
    score_matching::run_levels::LEVELS,
    one_network::run::ONE_NETWORK,
    one_network::run_chain::CHAIN,
    couplings::run::COUPLINGS,
    rectified_flow::run::RECTIFIED_FLOW,
    guidance::run::GUIDANCE,
    guidance::run_digits::DIGITS,
    interpolants::run::INTERPOLANTS,
];

/// Experiments that take minutes, each a table of [`cells`](crate::experiment::cells).
pub const TABLES: &[Experiment] = &[side_by_side::run::COMPARE, couplings::run_table::TABLE];

/// Experiments whose every number is of the machine, figure and all: the book keeps a picture of the one that
/// wrote it, and nothing compares them.
pub const MEASUREMENTS: &[Experiment] = &[speed::run_roofline::ROOFLINE];

/// Experiments whose point is what a clock says: the book keeps their times, which nothing compares.
pub const TIMED: &[&Experiment] =
    &[&tensors::run::TENSORS, &second_derivatives::run::SECOND_DERIVATIVES];

/// Every chapter that has exercises, in the order of the book.
pub const EXERCISES: &[Chapter] = &[
    tensors::checks::CHAPTER,
    reverse_mode::checks::CHAPTER,
    second_derivatives::checks::CHAPTER,
    networks::checks::CHAPTER,
    speed::checks::CHAPTER,
    bridge::checks::CHAPTER,
    flow_matching::checks::CHAPTER,
    gan::checks::CHAPTER,
    vae::checks::CHAPTER,
    diffusion::checks::CHAPTER,
    normalizing_flows::checks::CHAPTER,
    odes::checks::CHAPTER,
    continuous_flows::checks::CHAPTER,
    sdes::checks::CHAPTER,
    score_matching::checks::CHAPTER,
    one_network::checks::CHAPTER,
    couplings::checks::CHAPTER,
    rectified_flow::checks::CHAPTER,
    guidance::checks::CHAPTER,
    interpolants::checks::CHAPTER,
];
