//! Products of matrices, over any leading axes. a bᵀ and aᵀ b are ops of their own, so that no rule
//! has to copy a transpose.

use super::{Tensor, broadcast};
use crate::autograd::record;
use crate::kernels::gemm::{Matrix, gemm};
use crate::kernels::memory;

/// Which operand is read transposed.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    /// A B
    Nn,
    /// A Bᵀ
    Nt,
    /// Aᵀ B
    Tn,
}

/// # Products
impl Tensor {
    /// C = A B: `[.., m, k] [.., k, n]` → `[.., m, n]`, leading axes broadcast; a vector of k is
    /// read as `[1, k]` on the left and as `[k, 1]` on the right, and its axis is dropped again.
    /// VJP G Bᵀ; Aᵀ G.
    ///
    /// # Panics
    /// If an operand is a scalar, the inner sizes differ or the leading axes do not broadcast.
    #[track_caller]
    pub fn matmul(&self, b: &Tensor) -> Tensor {
        assert!(
            self.rank() > 0 && b.rank() > 0,
            "matmul: shapes {:?} and {:?}: a scalar is no matrix; use `*`",
            self.shape(),
            b.shape()
        );
        if self.rank() == 1 {
            let c = self.reshape(&[1, self.len()]).matmul(b);
            let rows = c.rank() - if b.rank() == 1 { 1 } else { 2 };
            return c.reshape(&without(c.shape(), rows));
        }
        if b.rank() == 1 {
            let c = self.matmul(&b.reshape(&[b.len(), 1]));
            return c.reshape(&without(c.shape(), c.rank() - 1));
        }
        product("matmul", Form::Nn, self, b)
    }

    /// C = A Bᵀ: `[.., m, k] [.., n, k]` → `[.., m, n]`. VJP G B; Gᵀ A.
    ///
    /// # Panics
    /// If an operand is not a matrix, or as [`matmul`](Tensor::matmul).
    #[track_caller]
    pub fn matmul_nt(&self, b: &Tensor) -> Tensor {
        product("matmul_nt", Form::Nt, self, b)
    }

    /// C = Aᵀ B: `[.., k, m] [.., k, n]` → `[.., m, n]`. VJP B Gᵀ; A G.
    ///
    /// # Panics
    /// If an operand is not a matrix, or as [`matmul`](Tensor::matmul).
    #[track_caller]
    pub fn matmul_tn(&self, b: &Tensor) -> Tensor {
        product("matmul_tn", Form::Tn, self, b)
    }
}

fn without(shape: &[usize], axis: usize) -> Vec<usize> {
    [&shape[..axis], &shape[axis + 1..]].concat()
}

#[track_caller]
fn product(name: &'static str, form: Form, a: &Tensor, b: &Tensor) -> Tensor {
    let layout = Layout::new(name, form, a.shape(), b.shape());
    let forward = move |x: &[&Tensor]| layout.multiply(form, x[0], x[1]);
    record(name, &[a, b], forward, move |g, x, _y, i| {
        let (a, b) = (&x[0], &x[1]);
        let d = match (form, i) {
            (Form::Nn, 0) => g.matmul_nt(b),
            (Form::Nn, _) => a.matmul_tn(g),
            (Form::Nt, 0) => g.matmul(b),
            (Form::Nt, _) => g.matmul_tn(a),
            (Form::Tn, 0) => b.matmul_nt(g),
            (Form::Tn, _) => a.matmul(g),
        };
        d.sum_to(x[i].shape())
    })
}

/// The sizes of a batched product.
struct Layout {
    /// The broadcast leading axes.
    batch: Vec<usize>,
    m: usize,
    k: usize,
    n: usize,
}

impl Layout {
    #[track_caller]
    fn new(name: &str, form: Form, a: &[usize], b: &[usize]) -> Layout {
        let (&[ref a_batch @ .., a_rows, a_columns], &[ref b_batch @ .., b_rows, b_columns]) =
            (a, b)
        else {
            panic!("{name}: shapes {a:?} and {b:?}: both must be matrices; use reshape")
        };
        let (m, k) = if form == Form::Tn { (a_columns, a_rows) } else { (a_rows, a_columns) };
        let (b_k, n) = if form == Form::Nt { (b_columns, b_rows) } else { (b_rows, b_columns) };
        let (left, right) = match form {
            Form::Nn => ("columns of A", "rows of B"),
            Form::Nt => ("columns of A", "columns of B"),
            Form::Tn => ("rows of A", "rows of B"),
        };
        assert!(
            k == b_k,
            "{name}: shapes {a:?} and {b:?} do not fit: the {left} ({k}) and the {right} ({b_k}) are summed \
             over together and must be equal; a.t() transposes"
        );
        let Some(batch) = broadcast(a_batch, b_batch) else {
            panic!(
                "{name}: shapes {a:?} and {b:?}: all but the last two axes must broadcast; reshape \
                 one of them"
            )
        };
        Layout { batch, m, k, n }
    }

    fn multiply(&self, form: Form, a: &Tensor, b: &Tensor) -> Tensor {
        let &Layout { m, k, n, .. } = self;
        let shape = [&self.batch[..], &[m, n]].concat();
        if b.rank() == 2 && form != Form::Tn {
            // One B for all: the leading axes of A are just more rows.
            return multiply_each(
                form,
                [a, b],
                [self.batch.iter().product::<usize>() * m, k, n],
                1,
            )
            .reshape(&shape);
        }
        let full = |t: &Tensor| {
            let matrix = &t.shape()[t.rank() - 2..];
            t.detach().broadcast_to(&[&self.batch[..], matrix].concat())
        };
        let count = self.batch.iter().product();
        multiply_each(form, [&full(a), &full(b)], [m, k, n], count).reshape(&shape)
    }
}

/// `count` products of matrices that lie one after the other: `[count * m * n]`.
fn multiply_each(form: Form, [a, b]: [&Tensor; 2], [m, k, n]: [usize; 3], count: usize) -> Tensor {
    let mut c = memory::take(count * m * n);
    for (i, c) in c.chunks_exact_mut((m * n).max(1)).enumerate() {
        let (a, b) = (&a.data()[i * m * k..][..m * k], &b.data()[i * k * n..][..k * n]);
        let (a, b) = match form {
            Form::Nn => (Matrix::new(a, k), Matrix::new(b, n)),
            Form::Nt => (Matrix::new(a, k), Matrix::new(b, k).t()),
            Form::Tn => (Matrix::new(a, m).t(), Matrix::new(b, n)),
        };
        gemm(a, b, [m, k, n], None, c);
    }
    Tensor::from(c)
}
