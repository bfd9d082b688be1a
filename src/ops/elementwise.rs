//! Functions of one number, and the larger and smaller of two, element by element.

use super::binary;
use crate::autograd::record;
use crate::kernels::{self, maths};
use crate::{Float, Tensor};

/// # Elementary functions
impl Tensor {
    /// y = eˣ. VJP g y.
    pub fn exp(&self) -> Tensor {
        self.unary("exp", maths::exp, |g, _x, y| g * y)
    }

    /// y = ln x, NaN for x < 0. VJP g / x.
    pub fn ln(&self) -> Tensor {
        self.unary("ln", maths::ln, |g, x, _y| g / x)
    }

    /// y = ln(1 + x), accurate near 0. VJP g / (1 + x).
    pub fn ln_1p(&self) -> Tensor {
        self.unary("ln_1p", maths::ln_1p, |g, x, _y| g / (x + 1.0))
    }

    /// y = eˣ − 1, accurate near 0. VJP g (y + 1).
    pub fn exp_m1(&self) -> Tensor {
        self.unary("exp_m1", maths::exp_m1, |g, _x, y| g * (y + 1.0))
    }

    /// y = √x, NaN for x < 0. VJP g / 2y, infinite at 0.
    pub fn sqrt(&self) -> Tensor {
        self.unary("sqrt", Float::sqrt, |g, _x, y| g / (y * 2.0))
    }

    /// y = x². VJP 2 g x.
    pub fn square(&self) -> Tensor {
        self.unary("square", |x| x * x, |g, x, _y| g * x * 2.0)
    }

    /// y = |x|. VJP g sign x, 0 at 0.
    pub fn abs(&self) -> Tensor {
        self.unary("abs", Float::abs, |g, x, _y| g * x.sign())
    }

    /// y = xⁿ by repeated squaring; x⁰ = 1. VJP n g xⁿ⁻¹.
    pub fn powi(&self, n: i32) -> Tensor {
        let power = move |x: Float| {
            let mut y = 1.0;
            for bit in (0..n.unsigned_abs().checked_ilog2().map_or(0, |top| top + 1)).rev() {
                y *= y;
                if n.unsigned_abs() >> bit & 1 == 1 {
                    y *= x;
                }
            }
            if n < 0 { 1.0 / y } else { y }
        };
        self.unary("powi", power, move |g, x, _y| match n {
            0 => Tensor::zeros(x.shape()),
            _ => g * x.powi(n.saturating_sub(1)) * n as Float,
        })
    }

    /// y = xᵖ, NaN for x < 0 unless p is whole; x⁰ = 1. VJP p g xᵖ⁻¹.
    pub fn powf(&self, p: Float) -> Tensor {
        self.unary(
            "powf",
            #[inline(always)]
            move |x| maths::powf(x, p),
            move |g, x, _y| {
                if p == 0.0 { Tensor::zeros(x.shape()) } else { g * x.powf(p - 1.0) * p }
            },
        )
    }

    /// y = 1 / x. VJP −g y².
    pub fn recip(&self) -> Tensor {
        self.unary("recip", Float::recip, |g, _x, y| -(g * y.square()))
    }

    /// y = sin x. VJP g cos x.
    pub fn sin(&self) -> Tensor {
        self.unary("sin", maths::sin, |g, x, _y| g * x.cos())
    }

    /// y = cos x. VJP −g sin x.
    pub fn cos(&self) -> Tensor {
        self.unary("cos", maths::cos, |g, x, _y| -(g * x.sin()))
    }

    /// y = tanh x. VJP g (1 − y²).
    pub fn tanh(&self) -> Tensor {
        self.unary("tanh", maths::tanh, |g, _x, y| tanh_vjp(g, y))
    }

    /// y = erf x = 2/√π ∫₀ˣ e^(−s²) ds. VJP 2/√π g e^(−x²).
    pub fn erf(&self) -> Tensor {
        const SLOPE: f64 = std::f64::consts::FRAC_2_SQRT_PI;
        self.unary("erf", maths::erf, |g, x, _y| g * (-x.square()).exp() * SLOPE as Float)
    }
}

/// # Activations
impl Tensor {
    /// y = σ(x) = 1 / (1 + e⁻ˣ). VJP g y (1 − y).
    pub fn sigmoid(&self) -> Tensor {
        self.unary("sigmoid", maths::sigmoid, |g, _x, y| sigmoid_vjp(g, y))
    }

    /// y = ln(1 + eˣ), without overflow. VJP g σ(x).
    pub fn softplus(&self) -> Tensor {
        self.unary("softplus", maths::softplus, |g, x, _y| g * x.sigmoid())
    }

    /// y = max(x, 0). VJP g where x > 0.
    pub fn relu(&self) -> Tensor {
        self.unary("relu", |x| if x <= 0.0 { 0.0 } else { x }, |g, x, _y| leaky_relu_vjp(g, x, 0.0))
    }

    /// y = x for x > 0, else `slope` x. VJP g; `slope` g.
    pub fn leaky_relu(&self, slope: Float) -> Tensor {
        let f = move |x| if x > 0.0 { x } else { slope * x };
        self.unary("leaky_relu", f, move |g, x, _y| leaky_relu_vjp(g, x, slope))
    }

    /// y = x for x > 0, else α (eˣ − 1) (Clevert, Unterthiner & Hochreiter 2016). VJP g; g (y + α).
    ///
    /// # Panics
    /// If α is negative.
    #[track_caller]
    pub fn elu(&self, alpha: Float) -> Tensor {
        assert!(alpha >= 0.0, "elu: α = {alpha} is negative; then y would not tell the sign of x");
        self.unary(
            "elu",
            #[inline(always)]
            move |x| maths::elu(x, alpha),
            move |g, _x, y| elu_vjp(g, y, alpha),
        )
    }

    /// y = λ elu(x, α), which keeps mean 0 and variance 1 from layer to layer, with the constants
    /// of Klambauer et al. 2017. VJP λ g; g (y + λα).
    pub fn selu(&self) -> Tensor {
        const LAMBDA: Float = 1.050_700_987_355_480_5_f64 as Float;
        const ALPHA: Float = 1.673_263_242_354_377_2_f64 as Float;
        self.unary(
            "selu",
            #[inline(always)]
            |x| LAMBDA * maths::elu(x, ALPHA),
            |g, x, y| x.gt(0.0).select(&(g * LAMBDA), &(g * (y + LAMBDA * ALPHA))),
        )
    }

    /// y = x σ(x), also called swish. VJP g (σ + y (1 − σ)).
    pub fn silu(&self) -> Tensor {
        self.unary("silu", maths::silu, |g, x, _y| silu_vjp(g, x))
    }

    /// y = x Φ(x), Φ the distribution function of N(0, 1) (Hendrycks & Gimpel 2016; exact, not the
    /// tanh fit). VJP g (Φ + x φ), φ = e^(−x²/2) / √2π.
    pub fn gelu(&self) -> Tensor {
        self.unary("gelu", maths::gelu, |g, x, _y| g * (x.normal_cdf() + x * x.normal_density()))
    }

    /// Φ(x), accurate in the lower tail. VJP g φ.
    fn normal_cdf(&self) -> Tensor {
        self.unary("normal_cdf", maths::normal_cdf, |g, x, _y| g * x.normal_density())
    }

    /// φ(x) = e^(−x²/2) / √2π.
    fn normal_density(&self) -> Tensor {
        (self.square() * -0.5).exp() * 0.398_942_280_401_432_7_f64 as Float
    }
}

// The rules that training spends its time in, each as one op with a rule of its own.

/// g where x > 0, else `slope` g. Of x only the sign matters, which has no derivative.
fn leaky_relu_vjp(g: &Tensor, x: &Tensor, slope: Float) -> Tensor {
    binary(
        "leaky_relu_vjp",
        g,
        &x.detach(),
        move |g, x| {
            if x > 0.0 {
                g
            } else if slope == 0.0 {
                0.0
            } else {
                slope * g
            }
        }, // 0 of ∞ too
        move |u, _g, x, _| leaky_relu_vjp(u, x, slope),
        |_, _, _, _| unreachable!("the second operand is a constant"),
    )
}

/// g (1 − y²).
fn tanh_vjp(g: &Tensor, y: &Tensor) -> Tensor {
    binary(
        "tanh_vjp",
        g,
        y,
        |g, y| g - g * y * y,
        |u, _g, y, _| tanh_vjp(u, y),
        |u, g, y, _| product(-2.0, [u, g, y]),
    )
}

/// c x₀ x₁ x₂, of one shape.
fn product(c: Float, x: [&Tensor; 3]) -> Tensor {
    let forward = move |x: &[&Tensor]| {
        let data = [x[0], x[1], x[2]].map(Tensor::data);
        Tensor::new(x[0].shape(), kernels::zip3(data, |a, b, d| c * a * b * d))
    };
    record("product", &x, forward, move |g, x, _y, i| {
        let mut factors = [&x[0], &x[1], &x[2]];
        factors[i] = g;
        product(c, factors)
    })
}

/// g y (1 − y).
fn sigmoid_vjp(g: &Tensor, y: &Tensor) -> Tensor {
    binary(
        "sigmoid_vjp",
        g,
        y,
        |g, y| g * y * (1.0 - y),
        |u, _g, y, _| sigmoid_vjp(u, y),
        |u, g, y, _| u * g * (1.0 - 2.0 * y),
    )
}

/// g where y > 0, else g (y + α).
fn elu_vjp(g: &Tensor, y: &Tensor, alpha: Float) -> Tensor {
    binary(
        "elu_vjp",
        g,
        y,
        move |g, y| if y > 0.0 { g } else { g * (y + alpha) },
        move |u, _g, y, _| elu_vjp(u, y, alpha),
        |u, g, y, _| (u * g).where_true(&y.le(0.0)),
    )
}

/// g (σ + x σ (1 − σ)), σ = σ(x).
fn silu_vjp(g: &Tensor, x: &Tensor) -> Tensor {
    binary(
        "silu_vjp",
        g,
        x,
        #[inline(always)]
        |g, x| {
            let s = maths::sigmoid(x);
            g * (x * (1.0 - s)).mul_add(s, s)
        },
        |u, _g, x, _| silu_vjp(u, x),
        |u, g, x, _| {
            let s = x.sigmoid();
            u * g * sigmoid_vjp(&(x * (1.0 - 2.0 * &s) + 2.0), &s)
        },
    )
}

/// # Bounds
impl Tensor {
    /// y = x, but at least `low` and at most `high`. VJP g where low ≤ x ≤ high.
    ///
    /// # Panics
    /// If `low > high`.
    #[track_caller]
    pub fn clamp(&self, low: Float, high: Float) -> Tensor {
        assert!(low <= high, "clamp: the lower bound {low} is not below the upper bound {high}");
        let f = move |x: Float| {
            if x < low {
                low
            } else if x > high {
                high
            } else {
                x
            }
        };
        self.unary("clamp", f, move |g, x, _y| g.where_true(&(x.ge(low) * x.le(high))))
    }

    /// The larger of two, which broadcast; NaN if one is. VJP g to the larger, half to each of
    /// equals.
    #[track_caller]
    pub fn maximum(&self, other: impl Into<Tensor>) -> Tensor {
        let f = |a: Float, b: Float| if a >= b || a.is_nan() { a } else { b };
        let (other, share) = (other.into(), share_with_equals);
        let (da, db) = (
            move |g: &_, a: &_, b: &_, _: &_| share(g, &Tensor::gt(a, b), a, b),
            move |g: &_, a: &_, b: &_, _: &_| share(g, &Tensor::gt(b, a), a, b),
        );
        binary("maximum", self, &other, f, da, db)
    }

    /// The smaller of two, which broadcast; NaN if one is. VJP g to the smaller, half to each of
    /// equals.
    #[track_caller]
    pub fn minimum(&self, other: impl Into<Tensor>) -> Tensor {
        let f = |a: Float, b: Float| if a <= b || a.is_nan() { a } else { b };
        let (other, share) = (other.into(), share_with_equals);
        let (da, db) = (
            move |g: &_, a: &_, b: &_, _: &_| share(g, &Tensor::lt(a, b), a, b),
            move |g: &_, a: &_, b: &_, _: &_| share(g, &Tensor::lt(b, a), a, b),
        );
        binary("minimum", self, &other, f, da, db)
    }
}

/// g where this operand won, half of it where the two are equal.
fn share_with_equals(g: &Tensor, won: &Tensor, a: &Tensor, b: &Tensor) -> Tensor {
    won.select(g, &(g * 0.5).where_true(&a.eq(b)))
}
