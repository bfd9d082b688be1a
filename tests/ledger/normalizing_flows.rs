//! Normalizing flows: N1 to N3, and what must hold of every layer.

use crate::{Estimate, ROUNDING, as_f64, difference};
use pushforward::chapters::normalizing_flows::autoregressive::masks;
use pushforward::chapters::normalizing_flows::coordinates::{
    cylindrical, cylindrical_det, polar, polar_det, spherical, spherical_det,
};
use pushforward::chapters::normalizing_flows::linear::ActNorm;
use pushforward::chapters::normalizing_flows::run_coordinates::determinants;
use pushforward::chapters::normalizing_flows::{
    Constructor, Flow, TRANSFORMS, Transform, bits_per_dim, dequantised, log_normal,
};
use pushforward::derivatives::{gradcheck, jacobian};
use pushforward::nn::Module;
use pushforward::random::Rng;
use pushforward::{Float, Tensor};

/// Every layer for points of `dim` numbers. New networks make maps near the identity: here all
/// their weights are random and none is small.
fn layers(dim: usize, rng: &mut Rng) -> Vec<(&'static str, Box<dyn Transform>)> {
    let random = |(name, constructor): (&'static str, Constructor)| {
        let mut layer = constructor(dim, 8, rng);
        let parameters = layer.parameters_mut().into_iter();
        for (_, parameter) in parameters.filter(|(name, _)| name.starts_with("net")) {
            *parameter = (rng.normal(parameter.shape()) * 0.25).variable();
        }
        (name, layer)
    };
    TRANSFORMS.into_iter().map(random).collect()
}

/// All layers, one after the other.
fn flow(dim: usize, rng: &mut Rng) -> Flow {
    let transforms = layers(dim, rng).into_iter().map(|(_, layer)| layer).collect();
    Flow { dim, transforms }
}

/// The middles of the cells of a square grid on [−reach, reach]², and the area of a cell.
fn square(reach: f64, side: usize) -> (Tensor, f64) {
    let width = 2.0 * reach / side as f64;
    let place = |i: usize| (width * (i as f64 + 0.5) - reach) as Float;
    let x = Tensor::from_fn(&[side * side, 2], |i| {
        place(if i % 2 == 0 { i / 2 % side } else { i / 2 / side })
    });
    (x, width * width)
}

/// From coordinates to what belongs to them.
type Map = fn(&Tensor) -> Tensor;

/// The three determinants are those of automatic differentiation. With cos φ in the place of sin φ
/// (φ from the equator, where the map has it from the pole), or r² for r, they would not be.
// ANCHOR: coordinates
#[test]
fn n1_the_determinants_of_three_coordinate_systems() {
    let mut rng = Rng::new(61);
    let maps: [(Map, Map, usize); 3] =
        [(polar, polar_det, 2), (cylindrical, cylindrical_det, 3), (spherical, spherical_det, 3)];
    for (map, det, dim) in maps {
        let u = rng.uniform_in(&[50, dim], 0.2, 2.8);
        assert!(difference(&det(&u), &determinants(map, &u)) < ROUNDING);
    }
    let u = rng.uniform_in(&[50, 3], 0.2, 2.8);
    let misprint = (u.slice(1, 0..1).square() * u.slice(1, 1..2).cos()).sum(1);
    assert!(difference(&misprint, &determinants(spherical, &u)) > 0.1);
    let squared = polar_det(&u).square();
    assert!(difference(&squared, &determinants(cylindrical, &u)) > 0.1);
}
// ANCHOR_END: coordinates

/// Every layer, and all of them in a chain: ladj is ln |det J| of the automatic Jacobian at every
/// point. ladj of one layer forgotten, or with the other sign, is another number.
// ANCHOR: ladj
#[test]
fn n2_ladj_is_the_logarithm_of_the_jacobians_determinant() {
    let mut rng = Rng::new(62);
    for dim in [2, 3, 5] {
        let x = rng.normal(&[6, dim]);
        let by_hand = |f: &dyn Fn(&Tensor) -> Tensor| {
            let ladj = |i: usize| {
                let j = jacobian(f, &x.slice(0, i..i + 1)).reshape(&[dim, dim]);
                j.slogdet().1
            };
            let each: Vec<Tensor> = (0..6).map(ladj).collect();
            Tensor::stack(&each.iter().collect::<Vec<_>>(), 0)
        };
        for (name, layer) in layers(dim, &mut rng) {
            let error = difference(&layer.forward(&x).1, &by_hand(&|x| layer.forward(x).0));
            assert!(error < 10.0 * ROUNDING, "{name} in {dim} dimensions: {error:e}");
        }
        let flow = flow(dim, &mut rng);
        let (exact, ladj) = (by_hand(&|x| flow.forward(x).0), flow.forward(&x).1);
        assert!(difference(&ladj, &exact) < 100.0 * ROUNDING);
        let forgotten = &ladj - flow.transforms[1].forward(&flow.states(&x)[1]).1; // RealNVP's
        assert!(difference(&forgotten, &exact) > 0.01 && difference(&-ladj, &exact) > 0.01);
    }
}
// ANCHOR_END: ladj

/// f⁻¹(f(x)) = x for every layer and for the chain, f(f⁻¹(y)) = y too, on points in and out of the
/// splines' bounds. The chain's inverses in the order of its maps do not lead back.
// ANCHOR: inverse
#[test]
fn n2_the_inverse_leads_back() {
    let mut rng = Rng::new(63);
    for dim in [2, 3, 5] {
        let x = rng.normal(&[200, dim]) * 2.0;
        for (name, layer) in layers(dim, &mut rng) {
            let there = difference(&layer.inverse(&layer.forward(&x).0), &x);
            let back = difference(&layer.forward(&layer.inverse(&x)).0, &x);
            println!("{name} in {dim} dimensions: {there:.1e}, {back:.1e}");
            assert!(
                there < 50.0 * ROUNDING && back < 50.0 * ROUNDING,
                "{name}: {there:e}, {back:e}"
            );
        }
        let flow = flow(dim, &mut rng);
        let (z, _) = flow.forward(&x);
        assert!(difference(&flow.inverse(&z), &x) < 500.0 * ROUNDING);
        let wrong = flow.transforms.iter().fold(z, |y, layer| layer.inverse(&y));
        assert!(difference(&wrong, &x) > 0.01);
    }
}
// ANCHOR_END: inverse

/// exp(ln p) integrates to 1 over the plane, by the rule of middles on 400² cells. With ladj
/// subtracted it does not.
// ANCHOR: normalised
#[test]
fn n2_the_density_of_a_flow_integrates_to_one() {
    let mut rng = Rng::new(64);
    let (x, area) = square(12.0, 400);
    let integral = |log_p: &Tensor| as_f64(&log_p.exp()).iter().sum::<f64>() * area;
    for (name, layer) in layers(2, &mut rng) {
        let flow = Flow { dim: 2, transforms: vec![layer] }.frozen();
        let whole = integral(&flow.log_density(&x));
        println!("{name}: {whole:.5}");
        assert!((whole - 1.0).abs() < 5e-3, "{name}: {whole}");
    }
    let scale = Tensor::from([0.3, 0.2]);
    let scaled = ActNorm { log_scale: scale, bias: Tensor::from([0.5, -0.5]) };
    let (z, ladj) = scaled.forward(&x);
    assert!((integral(&(log_normal(&z) + &ladj)) - 1.0).abs() < 1e-3);
    assert!((integral(&(log_normal(&z) - ladj)) - libm::exp(-1.0)).abs() < 1e-3);
}
// ANCHOR_END: normalised

/// The gradients of y and ladj with respect to x and every parameter are those of differences. ladj
/// of a spline has kinks at its knots, and the steps of the differences in f32 are long enough to
/// meet some: splines are compared in f64.
#[test]
fn n2_the_gradients_of_every_layer() {
    let mut rng = Rng::new(65);
    let exact = size_of::<Float>() == 8;
    for (name, layer) in layers(2, &mut rng) {
        if name.contains("spline") && !exact {
            continue;
        }
        let mut inputs = vec![rng.normal(&[3, 2])];
        inputs.extend(layer.tensors().into_iter().map(Tensor::detach));
        let outputs = |inputs: &[Tensor]| {
            let mut layer = layer.copy();
            for ((_, parameter), input) in layer.parameters_mut().into_iter().zip(&inputs[1..]) {
                *parameter = input.clone();
            }
            let (y, ladj) = layer.forward(&inputs[0]);
            Tensor::concat(&[&y, &ladj.reshape(&[3, 1])], 1)
        };
        let agreement = gradcheck(outputs, &inputs);
        assert!(agreement.is_ok(), "{name}: {agreement:?}");
    }
}

/// [φ]_* p is the law of φ(x): the mean of g(φ(x)) over x ~ p, by drawing, is the integral of g
/// times the density that the change of variables gives. Without the determinant it is not.
// ANCHOR: pushforward
#[test]
fn n3_push_forward_and_change_of_variables_are_one_statement() {
    let mut rng = Rng::new(66);
    let flow = flow(2, &mut rng).frozen(); // φ is its inverse: from the noise to the plane
    let g = |y: &Tensor| (y * Tensor::from([0.7, -0.4])).sum(1).cos();
    let drawn = as_f64(&g(&flow.sample(20_000, &mut rng)));
    let (y, area) = square(16.0, 500);
    let values = as_f64(&g(&y));
    let integral = |log_p: &Tensor| {
        let p = as_f64(&log_p.exp());
        p.iter().zip(&values).map(|(p, g)| p * g).sum::<f64>() * area
    };
    let (z, ladj) = flow.forward(&y);
    let (exact, without) = (integral(&(log_normal(&z) + ladj)), integral(&log_normal(&z)));
    let mean = Estimate::of(&drawn);
    println!("{:.4} ± {:.4}; integral {exact:.4}, without det {without:.4}", mean.mean, mean.error);
    assert!(mean.away_from(exact) < 4.0 && mean.away_from(without) > 10.0);
}
// ANCHOR_END: pushforward

/// In a MADE output i sees the inputs before i and no other, and all of those. With ≤ for the
/// output's < it would see itself.
#[test]
fn n2_the_masks_leave_a_triangle() {
    for (dim, parameters) in [(2, 2), (3, 1), (5, 2)] {
        let [first, second, last] = masks(dim, 16, parameters);
        let paths = last.matmul(&second).matmul(&first);
        for i in 0..dim * parameters {
            for j in 0..dim {
                assert_eq!(paths.at(&[i, j]) > 0.0, j < i / parameters, "{dim}: {i}, {j}");
            }
        }
    }
}

/// A uniform density on the pixels' cube is eight bits for each; dequantised pixels fill [0, 1),
/// and their bytes can be read off again.
#[test]
fn n2_bits_of_dequantised_pixels() {
    assert_eq!(bits_per_dim(0.0, 784), 8.0);
    assert!((bits_per_dim(-784.0 * std::f64::consts::LN_2, 784) - 7.0).abs() < 1e-12);
    let mut rng = Rng::new(67);
    let bytes = Tensor::from_fn(&[4, 256], |i| (i % 256) as Float);
    let x = dequantised(&(&bytes / 255.0), &mut rng);
    let read = x.data().iter().zip(bytes.data()).filter(|(x, k)| (*x * 256.0).floor() == **k);
    assert!(read.count() >= 1020); // k/255 is rounded, and so may be (k + u)/256
    assert!(x.data().iter().all(|x| (0.0..=1.0).contains(x)));
}
