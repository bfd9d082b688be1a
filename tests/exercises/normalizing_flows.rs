//! Normalising flows: mistakes that nobody listed, and a part of what each must be told.

#[allow(dead_code)] // its `main`
#[path = "../../exercises/solutions/normalizing_flows.rs"]
pub mod solutions;

use crate::expect;
use pushforward::chapters::normalizing_flows::checks::{self, Bin, Layer, Net, Psi};
use pushforward::{Float, Tensor};

use solutions::ANSWERS as RIGHT;

type OfOne = fn(&Tensor) -> Tensor;
type OfTwo = fn(&Tensor, &Tensor) -> Tensor;
type Pair = (Tensor, Tensor);

#[test]
fn unlisted_mistakes_of_volumes_and_chains_are_diagnosed() {
    let spherical: [(OfOne, &str); 3] = [
        (|u| -(RIGHT.spherical_ladj)(u), "sign, which is flipped"),
        (|u| (RIGHT.spherical_ladj)(u).sum(..), "One number for the whole batch"),
        (|u| (RIGHT.spherical_ladj)(u) * 0.5, "2 times too small"),
    ];
    for (answer, part) in spherical {
        expect(checks::spherical_ladj(answer), part);
    }
    type PushForward = fn(Psi, &Tensor) -> Tensor;
    let push_forward: [(PushForward, &str); 3] = [
        (|psi, z| (RIGHT.push_forward)(psi, z).exp(), "the exponential of what is asked for"),
        (|psi, z| (RIGHT.push_forward)(psi, &-z), "`z` replaced by −z"),
        (|psi, z| (RIGHT.push_forward)(psi, z).mean(..), "One number for the whole batch"),
    ];
    for (answer, part) in push_forward {
        expect(checks::push_forward(answer), part);
    }
    let log_density: [(OfTwo, &str); 4] = [
        (|z, ladj| (RIGHT.log_density)(z, &(ladj * 2.0)), "There is `ladj` too much in the sum"),
        (|z, ladj| -(RIGHT.log_density)(z, ladj), "sign, which is flipped"),
        (|z, ladj| (RIGHT.log_density)(z, ladj).reshape(&[z.shape()[0], 1]), "drop the axis"),
        (|z, _| (RIGHT.log_density)(z, &z.sum(1)), "does not depend on `ladj`"),
    ];
    for (answer, part) in log_density {
        expect(checks::log_density(answer), part);
    }
    type Chain = fn(&[Layer], &Tensor) -> Pair;
    let chain: [(Chain, &str); 3] = [
        (|layers, x| second(|a| -a, (RIGHT.chain)(layers, x)), "`z` is right."),
        (|layers, x| second(|a| a.exp(), (RIGHT.chain)(layers, x)), "the exponential of what"),
        (|layers, x| ((RIGHT.chain)(layers, x).1, x.clone()), "The shape is wrong"),
    ];
    for (answer, part) in chain {
        expect(checks::chain(answer), part);
    }
    type Unchain = fn(&[Psi], &Tensor) -> Tensor;
    let unchain: [(Unchain, &str); 3] = [
        (|_, z| z.clone(), "`z` itself"),
        (|inverses, z| -(RIGHT.unchain)(inverses, z), "sign, which is flipped"),
        (|inverses, z| (RIGHT.unchain)(inverses, &(z * 2.0)), "`z` replaced by 2 z"),
    ];
    for (answer, part) in unchain {
        expect(checks::unchain(answer), part);
    }
}

/// The first as it is, the second changed.
fn second(f: fn(Tensor) -> Tensor, (a, b): Pair) -> Pair {
    (a, f(b))
}

#[test]
fn unlisted_mistakes_of_couplings_are_diagnosed() {
    type Coupling = fn(Net, usize, &Tensor) -> Pair;
    let affine: [(Coupling, &str); 4] = [
        (|net, k, x| (x.clone(), (RIGHT.affine_coupling)(net, k, x).1), "`x` itself"),
        (|net, k, x| second(|a| a * 2.0, (RIGHT.affine_coupling)(net, k, x)), "`y` is right."),
        (|net, k, x| second(|a| a * 0.0, (RIGHT.affine_coupling)(net, k, x)), "comes out is 0"),
        (
            |net, k, x| {
                let ((y, _), d) = ((RIGHT.affine_coupling)(net, k, x), x.shape()[1]);
                (y, net(&x.slice(1, 0..k)).0 + Tensor::zeros(&[1, d - k]))
            },
            "One number for each coordinate",
        ),
    ];
    for (answer, part) in affine {
        expect(checks::affine_coupling(answer), part);
    }
    type Inverse = fn(Net, usize, &Tensor) -> Tensor;
    let inverse: [(Inverse, &str); 3] = [
        (|_, _, y| y.clone(), "`y` itself"),
        (|net, k, y| (RIGHT.coupling_inverse)(net, k, &-y), "`y` replaced by −y"),
        (|net, k, y| (RIGHT.coupling_inverse)(net, k, y) * 2.0, "2 times too large"),
    ];
    for (answer, part) in inverse {
        expect(checks::coupling_inverse(answer), part);
    }
    type Masks = fn(usize, usize) -> Tensor;
    let masks: [(Masks, &str); 3] = [
        (|d, layers| (RIGHT.coupling_masks)(d, layers).t(), "Rows and columns are exchanged"),
        (|d, layers| (RIGHT.coupling_masks)(d, layers).flip(0), "in another order"),
        (|d, layers| (RIGHT.coupling_masks)(d, layers) * 0.0, "What comes out is 0"),
    ];
    for (answer, part) in masks {
        expect(checks::coupling_masks(answer), part);
    }
    type Factors = fn(&Tensor, &Tensor, &Tensor) -> Pair;
    let lu: [(Factors, &str); 3] = [
        (|l, u, s| second(|a| -a, (RIGHT.lu)(l, u, s)), "`W` is right."),
        (|l, u, s| second(|a| a.exp(), (RIGHT.lu)(l, u, s)), "the exponential of what"),
        (|l, u, s| ((RIGHT.lu)(l, u, s).0 * 2.0, s.sum(..)), "`ladj` is right."),
    ];
    for (answer, part) in lu {
        expect(checks::lu(answer), part);
    }
}

#[test]
fn unlisted_mistakes_of_the_other_layers_are_diagnosed() {
    type Planar = fn(&Tensor, &Tensor, &Tensor, Float) -> Pair;
    let planar: [(Planar, &str); 3] = [
        (|x, u, w, _| (RIGHT.planar)(x, u, w, 0.0), "`b` left out"),
        (|x, u, w, b| second(|a| -a, (RIGHT.planar)(x, u, w, b)), "`y` is right."),
        (|x, u, w, b| (RIGHT.planar)(x, w, u, b), "were exchanged"),
    ];
    for (answer, part) in planar {
        expect(checks::planar(answer), part);
    }
    type Made = fn(usize, usize) -> Pair;
    let made: [(Made, &str); 3] = [
        (|d, width| second(|m| m.t(), (RIGHT.made_masks)(d, width)), "Rows and columns"),
        (|d, width| second(|m| 1.0 - m, (RIGHT.made_masks)(d, width)), "1 minus what is asked"),
        (|d, width| second(|m| m * 0.0, (RIGHT.made_masks)(d, width)), "`first` is right."),
    ];
    for (answer, part) in made {
        expect(checks::made_masks(answer), part);
    }
    type Maf = fn(Net, &Tensor) -> Tensor;
    let maf: [(Maf, &str); 3] = [
        (|_, y| y.clone(), "`y` itself"),
        (|net, y| (RIGHT.maf_inverse)(net, y) * 3.0, "3.0000 times too large"),
        (|net, y| (RIGHT.maf_inverse)(net, y).sum(1), "the task wants each"),
    ];
    for (answer, part) in maf {
        expect(checks::maf_inverse(answer), part);
    }
    let spline: [(Bin, &str); 3] = [
        (|x, w, h, a, b| (RIGHT.rational_quadratic)(x, h, w, a, b), "`w` and `h` were exchanged"),
        (
            |x, w, h, a, b| second(|a| -a, (RIGHT.rational_quadratic)(x, w, h, a, b)),
            "`rise` is right.",
        ),
        (
            |x, w, h, a, b| (RIGHT.rational_quadratic)(&(1.0 - x), w, h, a, b),
            "`xi` replaced by 1 − xi",
        ),
    ];
    for (answer, part) in spline {
        expect(checks::rational_quadratic(answer), part);
    }
}

#[test]
fn unlisted_mistakes_about_pixels_and_noise_are_diagnosed() {
    let dequantise: [(OfTwo, &str); 3] = [
        (|p, u| (RIGHT.dequantise)(p, &(u * 0.0)), "`u` left out"),
        (|p, u| (RIGHT.dequantise)(p, &(1.0 - u)), "`u` replaced by 1 − u"),
        (|p, u| (RIGHT.dequantise)(p, u) + 1.0 / 256.0, "what is right plus"),
    ];
    for (answer, part) in dequantise {
        expect(checks::dequantise(answer), part);
    }
    type Bits = fn(&Tensor, usize) -> Tensor;
    let bits: [(Bits, &str); 3] = [
        (|nll, d| (RIGHT.bits_per_dim)(&-nll, d), "`nll` replaced by −nll"),
        (|nll, d| (RIGHT.bits_per_dim)(nll, d + 1), "one more for `dim`"),
        (|nll, d| -(RIGHT.bits_per_dim)(nll, d), "sign, which is flipped"),
    ];
    for (answer, part) in bits {
        expect(checks::bits_per_dim(answer), part);
    }
    let left_open: [(OfTwo, &str); 3] = [
        (|v, a| (RIGHT.left_open)(v, a).sqrt(), "the root of what is asked for"),
        (|v, a| (RIGHT.left_open)(v, &(1.0 - a)), "`alpha_bar` replaced by 1 − alpha_bar"),
        (|v, a| (RIGHT.left_open)(&v.square(), a), "`variance` replaced by variance²"),
    ];
    for (answer, part) in left_open {
        expect(checks::left_open(answer), part);
    }
}
