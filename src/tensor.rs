//! The tensor: numbers in row-major order, a shape, and, if a derivative may be asked for, the node
//! of the graph that made it. Constructors, conversions out and printing live here; arithmetic is
//! in `ops`.

use crate::Float;
use crate::autograd::Node;
use crate::kernels::memory::Buffer;
use std::fmt;
use std::rc::Rc;

/// An n-dimensional array of [`Float`], contiguous and row-major.
///
/// Cloning is cheap and shares the numbers. No op writes into an existing tensor. A tensor takes
/// part in differentiation if it is a [`variable`](Tensor::variable) or was computed from one.
///
/// | PyTorch | here |
/// |---|---|
/// | `x * 2`, `2 * x` | `&x * 2.0`, `2.0 * &x` (without `&`, x is used up) |
/// | `x[0]` | `x.slice(0, 0..1)`, or the number `x.at(&[0])`, outside the graph |
/// | `view(-1, k)`, `unsqueeze` | `reshape`, every size written out |
/// | `a == b` | `a.eq(&b)` element by element, or `a.is_close(&b, ..)` |
/// | `torch.cat`, `torch.where` | [`concat`](Tensor::concat), `mask.select(&a, &b)` |
/// | `x.log()`, `x.pow(2)` | `x.ln()`, `x.powi(2)` or `x.powf(2.0)` |
/// | `x.sum()`, `x.sum(1)`, `x.sum((0, 1))` | `x.sum(..)`, `x.sum(1)`, `x.sum([0, 1])` |
/// | `torch.max(a, b)` | `a.maximum(&b)` |
/// | `torch.randn(3, 2)` | `rng.normal(&[3, 2])`, of a generator passed along |
/// | `requires_grad_()`, `detach()`, `no_grad` | `variable()`, `detach()`; constants record nothing |
/// | `loss.backward(); w.grad` | `grad(&loss, &[&w])` |
#[derive(Clone)]
pub struct Tensor(pub(crate) Rc<Inner>);

pub(crate) struct Inner {
    pub(crate) shape: Vec<usize>,
    pub(crate) data: Rc<Buffer>,
    /// `None` for a constant.
    pub(crate) node: Option<Node>,
}

/// # Making one
impl Tensor {
    /// A constant of this shape from its numbers in row-major order.
    ///
    /// # Panics
    /// If `data` does not hold as many numbers as the shape asks for.
    #[track_caller]
    pub fn new(shape: &[usize], data: impl Into<Vec<Float>>) -> Tensor {
        let data = data.into();
        let size: usize = shape.iter().product();
        assert!(
            data.len() == size,
            "Tensor::new: shape {shape:?} holds {size} numbers, but {} were given",
            data.len()
        );
        Tensor::from_parts(shape.to_vec(), Rc::new(Buffer::from(data)), None)
    }

    pub(crate) fn from_parts(shape: Vec<usize>, data: Rc<Buffer>, node: Option<Node>) -> Tensor {
        Tensor(Rc::new(Inner { shape, data, node }))
    }

    /// A tensor of rank 0.
    pub fn scalar(value: Float) -> Tensor {
        Tensor::new(&[], vec![value])
    }

    /// Every element `value`.
    pub fn full(shape: &[usize], value: Float) -> Tensor {
        Tensor::new(shape, vec![value; shape.iter().product()])
    }

    /// Every element 0.
    pub fn zeros(shape: &[usize]) -> Tensor {
        Tensor::full(shape, 0.0)
    }

    /// Every element 1.
    pub fn ones(shape: &[usize]) -> Tensor {
        Tensor::full(shape, 1.0)
    }

    /// The identity matrix, `[n, n]`.
    pub fn eye(n: usize) -> Tensor {
        Tensor::from_fn(&[n, n], |i| if i / n == i % n { 1.0 } else { 0.0 })
    }

    /// Element i, counted in row-major order, is `f(i)`.
    pub fn from_fn(shape: &[usize], f: impl FnMut(usize) -> Float) -> Tensor {
        let size = shape.iter().product();
        Tensor::new(shape, (0..size).map(f).collect::<Vec<Float>>())
    }

    /// start, start + 1, … below `end`: `[end − start]`.
    pub fn arange(range: std::ops::Range<usize>) -> Tensor {
        range.map(|i| i as Float).collect()
    }

    /// `n` numbers evenly spaced from `start` to `end`, both included: `[n]`.
    pub fn linspace(start: Float, end: Float, n: usize) -> Tensor {
        let last = n.saturating_sub(1).max(1);
        Tensor::from_fn(&[n], |i| {
            if i == last { end } else { start + (end - start) * i as Float / last as Float }
        })
    }
}

/// # Looking inside
impl Tensor {
    /// The size of each axis; empty for a scalar.
    pub fn shape(&self) -> &[usize] {
        &self.0.shape
    }

    /// The number of axes.
    pub fn rank(&self) -> usize {
        self.shape().len()
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.data().len()
    }

    /// Whether an axis has size 0.
    pub fn is_empty(&self) -> bool {
        self.data().is_empty()
    }

    /// The numbers in row-major order. They are outside the graph, as what `item`, `at` and `rows`
    /// return: inside a function to be differentiated use [`slice`](Tensor::slice).
    pub fn data(&self) -> &[Float] {
        &self.0.data
    }

    /// The numbers in row-major order, copied.
    pub fn to_vec(&self) -> Vec<Float> {
        self.data().to_vec()
    }

    /// The one number of a tensor of one element.
    ///
    /// # Panics
    /// If there are more or none.
    #[track_caller]
    pub fn item(&self) -> Float {
        assert!(
            self.len() == 1,
            "item: shape {:?} has {} elements, not one; use data() or at()",
            self.shape(),
            self.len()
        );
        self.data()[0]
    }

    /// The element at an index.
    ///
    /// # Panics
    /// If the index has not one entry an axis, or lies outside.
    #[track_caller]
    pub fn at(&self, index: &[usize]) -> Float {
        let inside =
            index.len() == self.rank() && index.iter().zip(self.shape()).all(|(i, n)| i < n);
        assert!(
            inside,
            "at: index {index:?} lies outside shape {:?}; give one for each axis",
            self.shape()
        );
        let offset = index.iter().zip(self.shape()).fold(0, |offset, (i, n)| offset * n + i);
        self.data()[offset]
    }

    /// The rows of a `[n, D]` tensor, for instance as points to draw: `x.rows::<2>()`.
    ///
    /// # Panics
    /// If the shape is not `[n, D]`.
    #[track_caller]
    pub fn rows<const D: usize>(&self) -> Vec<[f64; D]> {
        assert!(
            D > 0 && self.rank() == 2 && self.shape()[1] == D,
            "rows: shape {:?} is not [n, {D}]; use reshape",
            self.shape()
        );
        let row = |row: &[Float]| std::array::from_fn(|j| f64::from(row[j]));
        self.data().chunks_exact(D).map(row).collect()
    }

    /// Whether every |a − b| ≤ `absolute` + `relative` |b|, shapes equal; NaN equals nothing.
    pub fn is_close(&self, other: &Tensor, relative: f64, absolute: f64) -> bool {
        let close = |(&a, &b): (&Float, &Float)| {
            let (a, b) = (f64::from(a), f64::from(b));
            a == b || (b.is_finite() && (a - b).abs() <= absolute + relative * b.abs())
        };
        self.shape() == other.shape() && self.data().iter().zip(other.data()).all(close)
    }
}

impl From<Float> for Tensor {
    fn from(value: Float) -> Tensor {
        Tensor::scalar(value)
    }
}

impl From<&Tensor> for Tensor {
    fn from(tensor: &Tensor) -> Tensor {
        tensor.clone()
    }
}

impl From<Vec<Float>> for Tensor {
    fn from(data: Vec<Float>) -> Tensor {
        Tensor::new(&[data.len()], data)
    }
}

impl From<&[Float]> for Tensor {
    fn from(data: &[Float]) -> Tensor {
        Tensor::new(&[data.len()], data)
    }
}

impl<const N: usize> From<[Float; N]> for Tensor {
    fn from(data: [Float; N]) -> Tensor {
        Tensor::new(&[N], data)
    }
}

impl<const M: usize, const N: usize> From<[[Float; N]; M]> for Tensor {
    fn from(data: [[Float; N]; M]) -> Tensor {
        Tensor::new(&[M, N], data.concat())
    }
}

impl<const L: usize, const M: usize, const N: usize> From<[[[Float; N]; M]; L]> for Tensor {
    fn from(data: [[[Float; N]; M]; L]) -> Tensor {
        Tensor::new(&[L, M, N], data.concat().concat())
    }
}

impl<const D: usize> From<&[[f64; D]]> for Tensor {
    fn from(rows: &[[f64; D]]) -> Tensor {
        Tensor::new(
            &[rows.len(), D],
            rows.iter().flatten().map(|&v| v as Float).collect::<Vec<_>>(),
        )
    }
}

impl FromIterator<Float> for Tensor {
    fn from_iter<I: IntoIterator<Item = Float>>(numbers: I) -> Tensor {
        Tensor::from(numbers.into_iter().collect::<Vec<Float>>())
    }
}

/// More elements than this are not all printed: an axis longer than `LONGEST` shows its first and
/// last `EDGE` entries.
const LARGE: usize = 200;
const LONGEST: usize = 12;
const EDGE: usize = 4;

/// The numbers, nested like NumPy's, with the long axes of a large tensor shortened.
impl fmt::Display for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let shorten = self.len() > LARGE;
        let widest = || self.data().iter().map(|&v| format_number(v).len()).max().unwrap_or(0);
        let width = if shorten { 9 } else { widest() };
        write_nested(f, self.shape(), self.data(), 1, shorten, width)
    }
}

/// Shape, part in the graph and numbers.
impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let made_by = match self.op_name() {
            None => String::new(),
            Some(name) => format!(" ({name})"),
        };
        let separator = if self.rank() < 2 { ' ' } else { '\n' };
        write!(f, "Tensor {:?}{made_by}{separator}{self}", self.shape())
    }
}

fn format_number(value: Float) -> String {
    let size = value.abs();
    if value == value.trunc() && size < 1e6 {
        format!("{value}")
    } else if (1e-3..1e6).contains(&size) {
        format!("{value:.4}")
    } else if value.is_finite() {
        format!("{value:.3e}")
    } else {
        format!("{value}")
    }
}

/// The positions of an axis that are printed, with `None` where some are left out.
fn shown(n: usize, shorten: bool) -> Vec<Option<usize>> {
    if shorten && n > LONGEST {
        (0..EDGE).map(Some).chain([None]).chain((n - EDGE..n).map(Some)).collect()
    } else {
        (0..n).map(Some).collect()
    }
}

/// One bracket for each axis; lines are indented by the brackets still open.
fn write_nested(
    f: &mut fmt::Formatter,
    shape: &[usize],
    data: &[Float],
    open: usize,
    shorten: bool,
    width: usize,
) -> fmt::Result {
    let Some((&n, inner)) = shape.split_first() else {
        return write!(f, "{:>width$}", format_number(data[0]));
    };
    let stride: usize = inner.iter().product();
    let separator = match inner.len() {
        0 => String::from(", "),
        rank => format!(",{}{:open$}", "\n".repeat(rank.min(2)), ""),
    };
    write!(f, "[")?;
    for (place, i) in shown(n, shorten).into_iter().enumerate() {
        if place > 0 {
            write!(f, "{separator}")?;
        }
        match i {
            Some(i) => {
                write_nested(f, inner, &data[i * stride..][..stride], open + 1, shorten, width)?
            }
            None => write!(f, "…")?,
        }
    }
    write!(f, "]")
}

/// # In a notebook
impl Tensor {
    /// Prints the tensor as an HTML table; evcxr calls it for the value of a cell.
    pub fn evcxr_display(&self) {
        println!("EVCXR_BEGIN_CONTENT text/html\n{}\nEVCXR_END_CONTENT", self.html());
    }

    /// The tensor as HTML: one table for each matrix of the last two axes, long axes shortened.
    pub fn html(&self) -> String {
        let made_by = self.op_name().map_or(String::new(), |name| format!(" · {name}"));
        let mut html = format!("<div><small>Tensor {:?}{made_by}</small>", self.shape());
        let leading = self.rank().saturating_sub(2);
        let (outer, matrix) = self.shape().split_at(leading);
        let (rows, columns) = match matrix {
            [] => (1, 1),
            [n] => (1, *n),
            [m, n, ..] => (*m, *n),
        };
        for i in shown(outer.iter().product(), true) {
            let Some(i) = i else {
                html += "<p>…</p>";
                continue;
            };
            if !outer.is_empty() {
                html += &format!("<p><small>{}</small></p>", matrix_label(outer, i));
            }
            let numbers = &self.data()[i * rows * columns..][..rows * columns];
            html += &html_table(numbers, rows, columns);
        }
        html + "</div>"
    }
}

/// `[2, 0, :, :]` for the `i`-th matrix of a stack.
fn matrix_label(outer: &[usize], mut i: usize) -> String {
    let mut index = vec![String::from(":"); 2];
    for n in outer.iter().rev() {
        index.insert(0, (i % n).to_string());
        i /= n;
    }
    format!("[{}]", index.join(", "))
}

fn html_table(numbers: &[Float], rows: usize, columns: usize) -> String {
    let mut html = String::from("<table>");
    for i in shown(rows, true) {
        html += "<tr>";
        for j in shown(columns, true) {
            let cell = match (i, j) {
                (Some(i), Some(j)) => format_number(numbers[i * columns + j]),
                _ => String::from("…"),
            };
            html += &format!("<td style=\"text-align:right\">{cell}</td>");
        }
        html += "</tr>";
    }
    html + "</table>"
}
