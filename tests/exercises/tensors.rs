//! Tensors: mistakes that nobody listed, and a part of what each must be told.

#[allow(dead_code)] // its `main`
#[path = "../../exercises/solutions/tensors.rs"]
pub mod solutions;

use crate::expect;
use pushforward::chapters::tensors::checks::{self, Binary, Counts, Reshaped, Unary};
use pushforward::chapters::tensors::{self as chapter, Array};
use pushforward::random::Rng;
use solutions::ANSWERS;

/// The solutions do what the chapter does, and so does the crate's tensor.
#[test]
fn the_tensor_solutions_are_the_chapters_functions() {
    let mut rng = Rng::new(811);
    let (x, y) = (rng.normal(&[4, 1, 3]), rng.normal(&[5, 1]));
    let (a, b) = (Array::of(&x), Array::of(&y));
    let shape = (ANSWERS.common_shape)(&a.shape, &b.shape).expect("they fit");
    assert_eq!(Some(&shape), chapter::common_shape(&a.shape, &b.shape).as_ref());
    assert_eq!((ANSWERS.zip_with)(|a, b| a - b, &a, &b).tensor().data(), (&x - &y).data());
    let wide = (ANSWERS.broadcast_to)(&a, &shape);
    assert_eq!(wide, chapter::broadcast_to(&a, &shape));
    assert_eq!(wide.tensor().data(), x.broadcast_to(&shape).data());
    let sums = (ANSWERS.sum_to)(&wide, &a.shape);
    assert_eq!(sums, chapter::sum_to(&wide, &a.shape));
    for place in 0..24 {
        let index = (ANSWERS.index)(place, &[2, 3, 4]);
        assert_eq!((ANSWERS.place)(&index, &(ANSWERS.strides)(&[2, 3, 4])), place);
        assert_eq!(index, chapter::index(place, &[2, 3, 4]));
    }
    let (a, b) = (rng.normal(&[5, 7]), rng.normal(&[7, 3]));
    let c = (ANSWERS.matmul)(&Array::of(&a), &Array::of(&b)).tensor();
    assert!(c.is_close(&a.matmul(&b), 1e-5, 1e-5));
    assert_eq!((ANSWERS.transpose)(&Array::of(&a)).tensor().data(), a.t().data());
}

#[test]
fn unlisted_mistakes_of_tensors_are_diagnosed() {
    let strides: [(Counts, &str); 2] = [
        (|shape| vec![1; shape.len()], "does not depend on `shape`"),
        (
            |shape| (ANSWERS.strides)(shape).into_iter().map(|s| 2 * s).collect(),
            "2 times too large",
        ),
    ];
    for (answer, part) in strides {
        expect(checks::strides(answer), part);
    }
    let transpose: [(Unary, &str); 2] =
        [(|x| (ANSWERS.transpose)(x).map(|x| -x), "sign"), (Array::clone, "The shape is wrong")];
    for (answer, part) in transpose {
        expect(checks::transpose(answer), part);
    }
    let sums: [(Reshaped, &str); 2] = [
        (|g, shape| (ANSWERS.sum_to)(g, shape).map(|x| x * 0.5), "2 times too small"),
        (|g, _| g.clone(), "The shape is wrong"),
    ];
    for (answer, part) in sums {
        expect(checks::sum_to(answer), part);
    }
    let product: [(Binary, &str); 2] = [
        (|a, b| (ANSWERS.matmul)(a, b).map(|x| -x), "sign"),
        (|a, b| (ANSWERS.matmul)(a, b).map(|x| x * 2.0), "2 times too large"),
    ];
    for (answer, part) in product {
        expect(checks::matmul(answer), part);
    }
}
