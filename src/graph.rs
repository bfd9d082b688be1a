//! The graph of a computation as a picture: Graphviz text, SVG, or the value of a notebook cell.

use crate::autograd::Walk;
use crate::{Result, Tensor, write_atomically};
use layout::backends::svg::SVGWriter;
use layout::gv::{DotParser, GraphBuilder};
use std::fmt::Write;
use std::path::Path;

/// The ops and variables a tensor was computed from, with their shapes: made by [`Tensor::graph`].
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    dot: String,
    nodes: usize,
}

impl Tensor {
    /// The graph behind this tensor: ops as ellipses, variables as filled boxes, constants as plain
    /// boxes, each with its shape.
    ///
    /// ```
    /// # use pushforward::Tensor;
    /// let x = Tensor::from([1.0, 2.0]).variable();
    /// let graph = (x.exp() * 2.0).sum(..).graph();
    /// assert!(graph.dot().contains("exp"));
    /// assert!(graph.svg().starts_with("<svg"));
    /// ```
    pub fn graph(&self) -> Graph {
        let walk = Walk::new(self, &[]);
        let (mut dot, mut nodes) = (String::from("digraph {\n"), walk.seen.len());
        let constant = |dot: &mut String, id: &str, tensor: &Tensor| {
            let shape = tensor.shape();
            let what = if shape.is_empty() { tensor.to_string() } else { "constant".into() };
            let _ = writeln!(dot, "  {id} [shape=box, label=\"{what}\\n{shape:?}\"];");
        };
        if !self.is_tracked() {
            constant(&mut dot, "y", self);
            nodes = 1;
        }
        for (id, tensor) in walk.seen.iter().enumerate() {
            let look = if tensor.op().is_some() { "ellipse" } else { "box, fillcolor=\"#cfe2f3\"" };
            let (name, shape) = (tensor.op_name().unwrap_or_default(), tensor.shape());
            let name = name.replace(['"', '\\'], "'");
            let _ = writeln!(dot, "  n{id} [shape={look}, label=\"{name}\\n{shape:?}\"];");
            for (i, input) in tensor.inputs().iter().enumerate() {
                let from = walk.slot(input).map(|slot| format!("n{slot}"));
                let from = from.unwrap_or_else(|| {
                    nodes += 1;
                    constant(&mut dot, &format!("c{id}_{i}"), input);
                    format!("c{id}_{i}")
                });
                let _ = writeln!(dot, "  {from} -> n{id};");
            }
        }
        Graph { dot: dot + "}\n", nodes }
    }
}

impl Graph {
    /// More nodes than this are not laid out: nobody could read them, and it would take minutes.
    pub const LARGEST: usize = 300;

    /// How many ops, variables and constants there are.
    pub fn nodes(&self) -> usize {
        self.nodes
    }

    /// The graph in Graphviz' language.
    pub fn dot(&self) -> &str {
        &self.dot
    }

    /// The graph drawn. Above [`LARGEST`](Graph::LARGEST) nodes, a line that says so.
    pub fn svg(&self) -> String {
        if self.nodes > Graph::LARGEST {
            let (nodes, largest) = (self.nodes, Graph::LARGEST);
            return format!(
                "<svg width=\"640\" height=\"24\" xmlns=\"http://www.w3.org/2000/svg\"><text y=\"16\" \
                 font-family=\"sans-serif\" font-size=\"14\">A graph of {nodes} nodes; more than {largest} \
                 are not drawn. dot() has them all.</text></svg>"
            );
        }
        let parsed = DotParser::new(&self.dot).process().expect("graph() writes valid Graphviz");
        let mut builder = GraphBuilder::new();
        builder.visit_graph(&parsed);
        let mut svg = SVGWriter::new();
        builder.get().do_it(false, false, false, &mut svg);
        let svg = svg.finalize().replace("Times, serif", "sans-serif");
        svg[svg.find("<svg").unwrap_or(0)..].to_string()
    }

    /// Writes the drawing.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io) if the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        write_atomically(path.as_ref(), self.svg().as_bytes())
    }

    /// Shows the drawing as the value of a notebook cell.
    pub fn evcxr_display(&self) {
        println!("EVCXR_BEGIN_CONTENT image/svg+xml\n{}\nEVCXR_END_CONTENT", self.svg());
    }
}
