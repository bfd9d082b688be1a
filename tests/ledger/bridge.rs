//! Bridges: the bytes of a file of weights, the two layouts of a layer, and how equal two results can be.

use pushforward::chapters::bridge::{
    chain_bound, close, data_start, from_bf16, from_kernel, quantised, to_bf16,
};
use pushforward::checkpoint::{load_tensors, save_tensors};
use pushforward::nn::Linear;
use pushforward::random::Rng;
use pushforward::{Float, Tensor};

/// A file of two tensors, read by hand: the length of the header, the header as text, the numbers in their order. Read
/// with the most significant byte first it is longer than any file.
// ANCHOR: e23
#[test]
fn e23_a_file_of_weights_is_a_header_and_numbers() {
    let path = std::env::temp_dir().join(format!("pushforward-e23-{}", std::process::id()));
    let (w, b) = (Tensor::from([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), Tensor::from([0.5, -0.5]));
    let named = [("net.0.weight", &w), ("net.0.bias", &b)];
    save_tensors(&path, &named.map(|(name, x)| (name.to_string(), x)), "").unwrap();
    let file = std::fs::read(&path).unwrap();
    let (read, _) = load_tensors(&path).unwrap();
    std::fs::remove_file(&path).unwrap();

    let start = data_start(&file);
    let header = std::str::from_utf8(&file[8..start]).unwrap();
    assert!(header.starts_with('{') && header.trim_end().ends_with('}'));
    assert!(header.contains("\"net.0.weight\"") && header.contains("[2,3]"));
    let width = size_of::<Float>();
    assert_eq!(file.len(), start + 8 * width);
    let numbers =
        file[start..].chunks(width).map(|bytes| Float::from_le_bytes(bytes.try_into().unwrap()));
    assert_eq!(numbers.collect::<Vec<_>>(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 0.5, -0.5]);
    assert_eq!(read[0].1.data(), w.data());
    let length = file.first_chunk::<8>().unwrap();
    assert!(u64::from_be_bytes(*length) > 1 << 40, "the wrong end first");
}
// ANCHOR_END: e23

/// y = x K + b is y = x Wᵀ + b with W = Kᵀ. A reshape has the same shape and gives another y.
// ANCHOR: e23_layout
#[test]
fn e23_a_kernel_is_a_weight_transposed() {
    let mut rng = Rng::new(2302);
    let (x, k, b) = (rng.normal(&[5, 3]), rng.normal(&[3, 4]), rng.normal(&[4]));
    let due = x.matmul(&k) + &b;
    let y = |weight: Tensor| Linear { weight, bias: b.clone() }.forward(&x);
    assert!(close(&y(from_kernel(&k)), &due, 1e-5, 1e-5));
    assert!(!close(&y(k.reshape(&[4, 3])), &due, 0.1, 0.1), "a reshape");
}
// ANCHOR_END: e23_layout

/// Two orders of the same sums differ by no more than twice the bound, and by more than nothing. A weight of which one
/// number is off by a tenth is far outside.
// ANCHOR: e24
#[test]
fn e24_two_programs_differ_by_rounding() {
    let mut rng = Rng::new(2401);
    let (x, w, b) = (rng.normal(&[200, 300]), rng.normal(&[50, 300]), rng.normal(&[50]));
    let layer = |x: &Tensor, w: &Tensor| x.matmul(&w.t()) + &b;
    let backwards = layer(&x.flip(1), &w.flip(1));
    let limit = 2.0 * chain_bound(&x, &w, &b);
    let apart = |y: &Tensor| ((y - layer(&x, &w)).abs() / &limit).max(..).item();
    println!("in units of the limit: {:.3}", apart(&backwards));
    assert!(apart(&backwards) < 1.0 && apart(&backwards) > 0.0);
    let mut spoiled = w.to_vec();
    spoiled[0] += 0.1;
    assert!(apart(&layer(&x, &Tensor::new(w.shape(), spoiled))) > 10.0);
}
// ANCHOR_END: e24

/// bfloat16 is at most 2⁻⁸ away, relatively, and 2⁻⁷ if it is cut off; a grid at most half a step.
// ANCHOR: e24_bits
#[test]
fn e24_fewer_bits_have_their_bounds() {
    let mut rng = Rng::new(2402);
    let x: Vec<f32> = rng.normal(&[20_000]).data().iter().map(|&x| f64::from(x) as f32).collect();
    let worst = |f: fn(f32) -> f32| {
        x.iter().map(|&x| f64::from((f(x) - x) / x).abs()).fold(0.0, f64::max) * 256.0
    };
    let (nearest, cut) =
        (worst(|x| from_bf16(to_bf16(x))), worst(|x| f32::from_bits(x.to_bits() & 0xffff_0000)));
    println!("in units of 2^-8: {nearest:.3}, cut off {cut:.3}");
    assert!(nearest <= 1.0 && cut > 1.9 && cut <= 2.0);

    let w = rng.normal(&[8, 100]);
    for bits in [4, 8] {
        let q = quantised(&w, bits);
        let most = ((1 << (bits - 1)) - 1) as Float;
        let half_step = w.abs().max(1).reshape(&[8, 1]) / most * 0.5;
        assert!(((&q - &w).abs() / half_step).max(..).item() <= 1.0 + 1e-3);
        let values = q.slice(0, 0..1).to_vec();
        let mut distinct = values;
        distinct.sort_by(Float::total_cmp);
        distinct.dedup_by(|a, b| (*a - *b).abs() < 1e-6);
        assert!(distinct.len() < 1 << bits);
    }
}
// ANCHOR_END: e24_bits
