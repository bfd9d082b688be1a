//! Broadcasting as matrices, and three ways to multiply. Nothing is trained.

use super::{Array, broadcast_to, matmul, matmul_by_entries};
use crate::experiment::{
    Event, Experiment, Report, Settings, save_figures, save_metrics, shortest,
};
use crate::plot::{BLUE, Figure, Panel};
use crate::random::Rng;
use crate::{Result, Tensor};
use serde_json::json;

/// The matrices of broadcasting, and products timed.
pub const TENSORS: Experiment = Experiment {
    name: "tensors",
    about: "broadcasting as a matrix; a product by loops in two orders and by the kernel",
    steps: 0,
    batch: 0,
    lr: 0.0,
    images: false,
    run,
};

/// Sizes of square matrices.
const SIZES: [usize; 4] = [64, 128, 256, 512];

fn run(settings: &Settings, watch: &mut dyn FnMut(Event)) -> Result<Report> {
    settings.prepare_folder()?;
    let mut rng = Rng::new(settings.seed);
    watch(Event::Stage("multiplying"));
    let products: Vec<Product> = SIZES.iter().map(|&n| Product::of(n, &mut rng)).collect();
    let times = products.iter().flat_map(Product::times).collect();
    let rows = products.iter().map(Product::row).collect();
    let figures = vec![("figure", matrices())];
    let apart: Vec<f64> = products.iter().map(|product| product.apart).collect();
    let metrics = json!({
        "experiment": TENSORS.name, "settings": settings.json(), "sizes": SIZES, "apart": apart,
    });
    let mut files = save_figures(settings, &figures)?;
    files.extend(save_metrics(settings, &metrics, None)?);
    Ok(Report { rows, times, figures, files, losses: vec![] })
}

/// A product of two `[n, n]` by loops in two orders and by the kernel.
struct Product {
    n: usize,
    /// The largest difference between two of them.
    apart: f64,
    /// Seconds of each.
    seconds: [f64; 3],
}

// ANCHOR: products
impl Product {
    fn of(n: usize, rng: &mut Rng) -> Product {
        let [a, b] = [(); 2].map(|()| rng.normal(&[n, n]));
        let (rows_a, rows_b) = (Array::of(&a), Array::of(&b));
        let (by_entries, first) = timed(|| matmul_by_entries(&rows_a, &rows_b).tensor());
        let (by_rows, second) = timed(|| matmul(&rows_a, &rows_b).tensor());
        let (by_kernel, third) = timed(|| a.matmul(&b));
        let apart = |x: &Tensor| f64::from((x - &by_kernel).abs().max(..).item());
        let apart = apart(&by_entries).max(apart(&by_rows));
        Product { n, apart, seconds: [first, second, third] }
    }
    // ANCHOR_END: products

    fn row(&self) -> [String; 3] {
        let name = format!("products of {0} by {0}", self.n);
        [name, format!("{:.1e}", self.apart), "largest difference of three ways".into()]
    }

    fn times(&self) -> Vec<[String; 3]> {
        let operations = 2.0 * (self.n as f64).powi(3);
        let names = ["entry by entry", "row by row", "the kernel"];
        let row = |(name, seconds): (&str, f64)| {
            let rate = format!("{:.1}", operations / seconds * 1e-9);
            [format!("{}, {name}", self.n), rate, "GFLOP/s".into()]
        };
        names.into_iter().zip(self.seconds).map(row).collect()
    }
}

/// What it returns, and the shortest of three runs in seconds.
fn timed(f: impl Fn() -> Tensor) -> (Tensor, f64) {
    let seconds = shortest(3, || drop(f()));
    (f(), seconds)
}

/// The matrix of a linear map of arrays: column j is what becomes of the j-th unit array. 0 is a light shade, so
/// that its edges are seen.
fn matrix(from: &[usize], map: impl Fn(&Array) -> Array) -> (Vec<f64>, usize) {
    let count: usize = from.iter().product();
    let column = |j: usize| {
        let mut unit = Array::zeros(from);
        unit.data[j] = 1.0;
        map(&unit).data
    };
    let columns: Vec<Vec<crate::Float>> = (0..count).map(column).collect();
    let rows = columns[0].len();
    let entries = (0..rows * count).map(|i| f64::from(columns[i % count][i / count]).max(0.1));
    (entries.collect(), count)
}

/// B for a row, a column and a number, all repeated to `[2, 3]`.
fn matrices() -> Figure {
    let cases: [(&str, &[usize]); 3] =
        [("a row, [3]", &[3]), ("a column, [2, 1]", &[2, 1]), ("a number, []", &[])];
    let panel = |(title, from): (&str, &[usize])| {
        let (entries, columns) = matrix(from, |x| broadcast_to(x, &[2, 3]));
        let corner = [columns as f64, 6.0];
        Panel::new(title).heat(&entries, columns, [[0.0, 0.0], corner], BLUE)
    };
    Figure::new("What repeats, as a matrix from x to the six numbers of [2, 3]", cases.map(panel))
        .x_range(0.0, 3.0)
        .y_range(0.0, 6.0)
        .bare()
}
