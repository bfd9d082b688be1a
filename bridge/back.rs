//! The way back: weights that PyTorch and candle have written, opened here.
//!
//! ```console
//! cargo run --example bridge -- out/bridge
//! ```

use pushforward::chapters::flow_matching::Velocity;
use pushforward::checkpoint::{load, load_tensors};
use pushforward::random::Rng;
use pushforward::{Error, Result, Tensor};
use std::path::Path;

fn main() -> Result<()> {
    let argument = std::env::args().nth(1).unwrap_or("out/bridge".into());
    let folder = Path::new(&argument);
    let points = folder.join("points.safetensors");
    let (t, x_0) = (tensor(&points, "t")?, tensor(&points, "x_0")?);
    for (peer, name) in [("PyTorch", "torch"), ("candle", "candle")] {
        let file = folder.join(format!("{name}.safetensors"));
        if !file.exists() {
            println!("{peer}: no {}; bridge/README.md says how to make it", file.display());
            continue;
        }
        let velocity = tensor(&folder.join(format!("{name}-points.safetensors")), "u")?;
        // ANCHOR: load
        let mut u = Velocity::new(2, 64, &mut Rng::new(0));
        load(&file, &mut u)?;
        let apart = (u.forward(&t, &x_0) - velocity).abs().max(..).item();
        // ANCHOR_END: load
        println!("{peer}'s weights here: u {apart:.1e}");
    }
    Ok(())
}

/// The tensor of this name in a file.
fn tensor(path: &Path, name: &str) -> Result<Tensor> {
    let (tensors, _) = load_tensors(path)?;
    let found = tensors.into_iter().find(|(known, _)| known == name).map(|(_, tensor)| tensor);
    found.ok_or_else(|| Error::Checkpoint {
        path: path.to_path_buf(),
        reason: format!("it has no tensor `{name}`"),
    })
}
