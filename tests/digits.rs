//! The embedded digits, what is said of files that are not what they should be, and the
//! judge of images.

use pushforward::chapters::judging::Judge;
use pushforward::data::{Digits, PIXELS};
use pushforward::random::Rng;
use pushforward::{Float, Tensor};
use std::path::PathBuf;

/// A folder with the four files, of which one is changed.
fn folder(name: &str, changed: &str, change: impl Fn(Vec<u8>) -> Option<Vec<u8>>) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("pushforward-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let image = |i: u8| [i; PIXELS];
    for (part, n) in [("train", 3_u8), ("t10k", 2)] {
        let images = [&[0, 0, 8, 3, 0, 0, 0, n, 0, 0, 0, 28, 0, 0, 0, 28][..]];
        let images = images.concat().into_iter().chain((0..n).flat_map(image)).collect();
        let labels = [0, 0, 8, 1, 0, 0, 0, n].into_iter().chain((0..n).map(|i| 9 - i)).collect();
        for (kind, bytes) in [("images-idx3-ubyte", images), ("labels-idx1-ubyte", labels)] {
            let file = format!("{part}-{kind}");
            let bytes = if file == changed { change(bytes) } else { Some(bytes) };
            let path = folder.join(file);
            match bytes {
                Some(bytes) => std::fs::write(path, bytes).unwrap(),
                None => drop(std::fs::remove_file(path)),
            }
        }
    }
    folder
}

#[test]
fn the_embedded_digits_are_the_first_of_mnist() {
    let Digits { train, test, .. } = Digits::embedded();
    assert_eq!((train.len(), test.len()), (10_000, 1_000));
    assert_eq!(train.labels()[..10], [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    assert_eq!(test.labels()[..10], [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
    // What is known of all 60 000: the mean pixel is 0.1307.
    let mean = f64::from(train.all().mean(..).item());
    assert!((mean - 0.1307).abs() < 0.002, "{mean}");
    // The first image, a five: its sixth row, from the first pixel that is not black on.
    let row = train.batch(&[0]).slice(1, 5 * 28 + 12..5 * 28 + 15) * 255.0;
    assert_eq!(row.data(), [3.0, 18.0, 18.0]);
}

#[test]
fn digits_come_from_files_plain_or_gzipped() {
    let plain = Digits::load(folder("plain", "", Some)).unwrap();
    assert_eq!((plain.train.labels(), plain.test.labels()), (&[9, 8, 7][..], &[9, 8][..]));
    assert_eq!(plain.train.batch(&[2]).data(), [2.0 / 255.0; PIXELS]);
    let embedded = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/mnist");
    let gzipped = Digits::load(embedded).unwrap();
    assert_eq!(gzipped.test.all().data(), Digits::embedded().test.all().data());
    let mut rng = Rng::new(1);
    let sample = plain.train.sample(500, &mut rng);
    assert_eq!(sample.shape(), [500, PIXELS]);
    let levels: Vec<f64> = (0..3)
        .map(|i| sample.slice(1, 0..1).eq(i as Float / 255.0).mean(..).item().into())
        .collect();
    assert!(levels.iter().all(|share| (share - 1.0 / 3.0).abs() < 0.07), "{levels:?}");
}

/// A change of a file, its name, and what the error says after the path.
type Damage = (&'static str, fn(Vec<u8>) -> Option<Vec<u8>>, &'static str);

#[test]
fn a_file_of_digits_that_is_not_whole_is_named_with_the_byte() {
    fn gzipped(bytes: &[u8]) -> Vec<u8> {
        let mut packed = flate2::write::GzEncoder::new(vec![], flate2::Compression::best());
        std::io::Write::write_all(&mut packed, bytes).unwrap();
        packed.finish().unwrap()
    }
    let damages: [Damage; 9] = [
        ("train-images-idx3-ubyte", |_| None, ": there is no such file, nor with .gz"),
        (
            "train-images-idx3-ubyte",
            |b| Some(b[..1000].into()),
            ", byte 1000: it ends here; its header promises 3 images, 2368 bytes",
        ),
        ("t10k-images-idx3-ubyte", |b| Some(b[..7].into()), ", byte 7: it ends within the header"),
        (
            "t10k-images-idx3-ubyte",
            |_| Some(vec![0, 0, 8, 1, 0, 0, 0, 2, 4, 4, 0, 0, 0, 0, 0, 0]),
            ", byte 0: it holds labels, in spite of its name",
        ),
        (
            "t10k-labels-idx1-ubyte",
            |_| Some(b"\x89PNG\r\n\x1a\n".into()),
            ", byte 0: it begins with",
        ),
        (
            "train-images-idx3-ubyte",
            |mut b| {
                b[15] = 32;
                Some(b)
            },
            ", byte 12: axis 2 has size 32; it must be 28",
        ),
        (
            "train-labels-idx1-ubyte",
            |b| Some([&b[..], &[1, 2]].concat()),
            ", byte 11: 2 bytes follow the last of its labels",
        ),
        (
            "train-labels-idx1-ubyte",
            |mut b| {
                b[9] = 10;
                Some(b)
            },
            ", byte 9: label 10 is not a digit",
        ),
        (
            "t10k-images-idx3-ubyte",
            |b| {
                let packed = gzipped(&b);
                Some(packed[..packed.len() - 12].into())
            },
            ": unpacking stops here",
        ),
    ];
    for (i, (file, change, expected)) in damages.into_iter().enumerate() {
        let folder = folder(&format!("damage-{i}"), file, change);
        let error = Digits::load(&folder).unwrap_err().to_string();
        let path = folder.join(file).display().to_string();
        assert!(error.starts_with(&path) && error.contains(expected), "{expected}: {error}");
        std::fs::remove_dir_all(folder).unwrap();
    }
    let fewer =
        folder("fewer", "t10k-labels-idx1-ubyte", |_| Some(vec![0, 0, 8, 1, 0, 0, 0, 1, 7]));
    let error = Digits::load(&fewer).unwrap_err().to_string();
    assert!(error.contains("byte 4: it has 1 labels for the 2 images of"), "{error}");
}

#[test]
fn the_judge_tells_digits_from_what_is_none() {
    let digits = Digits::embedded();
    let (judge, mut rng) = (Judge::of(&digits), Rng::new(4));
    let accuracy = judge.accuracy(&digits.test);
    assert!(accuracy >= 0.97, "{accuracy}");

    let real = judge.judge(&digits.test.all(), &mut rng);
    let floor = real.frechet.floor;
    assert!(real.sure[0] == real.sure[1] && real.sure[0] > 0.9, "{:?}", real.sure);
    assert!(real.imbalance < 0.05, "{}", real.imbalance);
    // New images of the same kind: little more than the floor, which is of images it has learned from.
    assert!(real.frechet.value < 3.0 * floor.mean, "{}", real.frechet);

    let noise = judge.judge(&rng.uniform(&[1000, PIXELS]), &mut rng);
    assert!(noise.frechet.value > 50.0 * floor.mean, "{}", noise.frechet);
    let ones = (0..digits.train.len()).filter(|&i| digits.train.labels()[i] == 1);
    let ones = judge.judge(&digits.train.batch(&ones.take(1000).collect::<Vec<_>>()), &mut rng);
    assert!(ones.imbalance > 0.85 && ones.classes[1] > 0.98, "{:?}", ones.classes);
    assert!(ones.frechet.value > 20.0 * floor.mean, "{}", ones.frechet);
    println!("{real:?}\n{noise:?}\n{ones:?}");
    // A little blur is seen by the distance, and hardly by the classes.
    let x = digits.test.all();
    let blurred = (x.slice(1, 0..783).pad(1, 1, 0) + &x) * 0.5;
    let blurred = judge.judge(&blurred, &mut rng);
    println!("{blurred:?}");
    assert!(blurred.frechet.value > real.frechet.value, "{}", blurred.frechet);
}

#[test]
#[should_panic(expected = "Judge::judge: 10 samples are too few; draw 1000")]
fn the_judge_wants_enough_samples() {
    Judge::of(&Digits::embedded()).judge(&Tensor::zeros(&[10, PIXELS]), &mut Rng::new(0));
}
