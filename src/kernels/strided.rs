//! Walking an array by a shape and strides: how permute, slice, flip and broadcast read, and pad
//! writes.

use crate::Float;
use crate::kernels::memory;

/// The strides of a contiguous row-major array.
pub fn contiguous(shape: &[usize]) -> Vec<isize> {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis] as isize;
    }
    strides
}

/// The strides that read a contiguous array of shape `from` as if it had the shape `to`, to which
/// it broadcasts: 0 along every axis it lacks or has of size 1.
pub fn broadcast(from: &[usize], to: &[usize]) -> Vec<isize> {
    let missing = to.len() - from.len();
    let mut strides = vec![0; missing];
    strides.extend(contiguous(from));
    for axis in missing..to.len() {
        if from[axis - missing] == 1 {
            strides[axis] = 0;
        }
    }
    strides
}

/// Visits `shape` in row-major order, a run of the innermost axes at a time: `f(offsets, steps, n)`
/// is to read n elements of each array k from `offsets[k]` in steps of `steps[k]`.
pub fn for_each_run<const K: usize>(
    shape: &[usize],
    strides: [&[isize]; K],
    f: &mut dyn FnMut([usize; K], [isize; K], usize),
) {
    if shape.contains(&0) {
        return;
    }
    let (shape, strides) = merge_axes(shape, strides);
    let Some((&n, outer)) = shape.split_last() else {
        return f([0; K], [0; K], 1);
    };
    let last = outer.len();
    let steps = std::array::from_fn(|k| strides[k][last]);
    let mut index = vec![0; last];
    let mut offsets = [0isize; K];
    loop {
        f(offsets.map(|offset| offset as usize), steps, n);
        let Some(axis) = (0..last).rev().find(|&axis| index[axis] + 1 < outer[axis]) else {
            return;
        };
        for k in 0..K {
            let rewound: isize = (axis + 1..last).map(|a| index[a] as isize * strides[k][a]).sum();
            offsets[k] += strides[k][axis] - rewound;
        }
        index[axis] += 1;
        index[axis + 1..].fill(0);
    }
}

/// Joins neighbouring axes that every array walks as one.
fn merge_axes<const K: usize>(
    shape: &[usize],
    strides: [&[isize]; K],
) -> (Vec<usize>, [Vec<isize>; K]) {
    let mut merged: Vec<usize> = Vec::with_capacity(shape.len());
    let mut steps: [Vec<isize>; K] = std::array::from_fn(|_| Vec::with_capacity(shape.len()));
    for (axis, &n) in shape.iter().enumerate().filter(|&(_, &n)| n != 1) {
        let joins = |k: usize| steps[k].last() == Some(&(strides[k][axis] * n as isize));
        if (0..K).all(joins) {
            *merged.last_mut().expect("a stride was found") *= n;
            (0..K).for_each(|k| *steps[k].last_mut().expect("as above") = strides[k][axis]);
        } else {
            merged.push(n);
            (0..K).for_each(|k| steps[k].push(strides[k][axis]));
        }
    }
    (merged, steps)
}

/// The elements of x met on a walk that starts at `offset`, in order.
pub fn read(x: &[Float], offset: usize, shape: &[usize], strides: &[isize]) -> Vec<Float> {
    let mut y = memory::room(shape.iter().product());
    for_each_run(shape, [strides], &mut |[start], [step], n| {
        let start = start.wrapping_add(offset);
        match step {
            0 => y.extend(std::iter::repeat_n(x[start], n)),
            1 => y.extend_from_slice(&x[start..start + n]),
            _ => y.extend((0..n).map(|i| x[start.wrapping_add_signed(i as isize * step)])),
        }
    });
    y
}

/// Zeros of `size`, with the elements of x written where a walk that starts at `offset` meets them.
pub fn write(
    x: &[Float],
    size: usize,
    offset: usize,
    shape: &[usize],
    strides: &[isize],
) -> Vec<Float> {
    let mut y = memory::take(size);
    y.fill(0.0);
    let mut x = x.iter();
    for_each_run(shape, [strides], &mut |[start], [step], n| {
        for (i, &x) in x.by_ref().take(n).enumerate() {
            y[(start.wrapping_add(offset)).wrapping_add_signed(i as isize * step)] = x;
        }
    });
    y
}
