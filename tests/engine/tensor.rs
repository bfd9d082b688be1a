//! Making tensors, looking inside, printing; and embeddings of time.

use pushforward::nn::{fourier_embedding, sinusoidal_embedding};
use pushforward::{Float, Tensor};

#[test]
fn tensors_are_made_from_arrays_slices_ranges_and_functions() {
    assert_eq!(Tensor::from(2.5).shape(), [0usize; 0]);
    assert_eq!(Tensor::from([1.0, 2.0, 3.0]).shape(), [3]);
    let matrix = Tensor::from([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    assert_eq!((matrix.shape(), matrix.at(&[1, 0])), (&[2, 3][..], 4.0));
    let cube = Tensor::from([[[1.0, 2.0]], [[3.0, 4.0]]]);
    assert_eq!((cube.shape(), cube.data()), (&[2, 1, 2][..], &[1.0, 2.0, 3.0, 4.0][..]));
    assert_eq!(Tensor::from(&[1.0, 2.0][..]).data(), Tensor::from(vec![1.0, 2.0]).data());
    assert_eq!(Tensor::from(&[[1.0, 2.0]][..]).rows::<2>(), [[1.0, 2.0]]);
    assert_eq!(Tensor::arange(2..5).data(), [2.0, 3.0, 4.0]);
    assert_eq!(Tensor::linspace(0.0, 1.0, 5).data(), [0.0, 0.25, 0.5, 0.75, 1.0]);
    assert_eq!(Tensor::from_fn(&[2, 2], |i| i as Float).data(), [0.0, 1.0, 2.0, 3.0]);
    assert_eq!(Tensor::eye(2).data(), [1.0, 0.0, 0.0, 1.0]);
    assert_eq!((0..3).map(|i| i as Float).collect::<Tensor>().to_vec(), [0.0, 1.0, 2.0]);
}

#[test]
fn operators_take_owned_borrowed_and_plain_numbers_on_either_side() {
    let (a, b) = (Tensor::from([6.0]), Tensor::from([2.0]));
    let results = [
        &a + &b,
        a.clone() + b.clone(),
        a.clone() + &b,
        &a + b.clone(),
        &a - &b,
        &a - 2.0,
        6.0 - &b,
        6.0 - b.clone(),
        &a * &b,
        &a * 2.0,
        6.0 * &b,
        a.clone() * 2.0,
        &a / &b,
        &a / 2.0,
        6.0 / &b,
        6.0 / b.clone(),
    ];
    let expected = [8.0, 4.0, 12.0, 3.0];
    for (four, expected) in results.chunks(4).zip(expected) {
        assert!(four.iter().all(|result| result.item() == expected), "{four:?}");
    }
    let mut sum = -&a;
    sum += &b;
    sum -= &a;
    assert_eq!(sum.item(), -10.0);
}

#[test]
fn printing_shows_values_and_shape() {
    let x = Tensor::from([[1.0, -0.5], [1e-7, 12.0]]).variable();
    assert_eq!(
        format!("{x:?}"),
        "Tensor [2, 2] (variable)\n[[       1,  -0.5000],\n [1.000e-7,       12]]"
    );
    assert_eq!(format!("{:?}", Tensor::scalar(3.0)), "Tensor [] 3");
    assert_eq!(format!("{}", Tensor::from([1.0, Float::NAN])), "[  1, NaN]");
    assert_eq!(format!("{}", Tensor::zeros(&[0, 2])), "[]");
    let long = format!("{}", Tensor::zeros(&[300]));
    assert!(long.contains("0, …, ") && long.len() < 120, "{long}");
    let html = Tensor::zeros(&[2, 1, 20]).html();
    assert!(html.contains("Tensor [2, 1, 20]") && html.contains("[1, :, :]"), "{html}");
    assert_eq!(html.matches("<td").count(), 2 * 9, "long axes are shortened");
}

#[test]
fn embeddings_of_time_are_their_formulas() {
    let t = Tensor::from([[0.3], [7.0]]);
    let (frequencies, longest) = (4, 10_000.0_f64);
    let waves = sinusoidal_embedding(&t, frequencies, longest as Float);
    assert_eq!(waves.shape(), [2, 8]);
    let b = Tensor::from([0.5, -1.25]);
    let fourier = fourier_embedding(&t, &b);
    assert_eq!(fourier.shape(), [2, 4]);
    let close = |ours: Float, phase: f64, is_sine: bool| {
        let expected = if is_sine { libm::sin(phase) } else { libm::cos(phase) };
        // The phase is rounded once: by half an ulp of at most 55.
        assert!((f64::from(ours) - expected).abs() < 64.0 * f64::from(Float::EPSILON), "{phase}");
    };
    for (row, t) in [0.3, 7.0].into_iter().enumerate() {
        let t = f64::from(t as Float);
        for k in 0..frequencies {
            let omega = libm::pow(longest, -(k as f64) / frequencies as f64);
            close(waves.at(&[row, k]), omega * t, false);
            close(waves.at(&[row, frequencies + k]), omega * t, true);
        }
        for (k, b) in [0.5, -1.25].into_iter().enumerate() {
            close(fourier.at(&[row, k]), std::f64::consts::TAU * b * t, false);
            close(fourier.at(&[row, 2 + k]), std::f64::consts::TAU * b * t, true);
        }
    }
}
