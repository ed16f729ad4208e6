//! `source.labels`: labelled images, shown one after the other as spike trains, a member for each pixel.

use std::sync::Arc;

use super::error::ModelError;
use super::models;
use super::reader::{Reader, required};
use super::tables::LABELS_SOURCE;
use super::tree::{Entry, Node};
use crate::describe::Bound::{Finite, NonNegative, NotNan, Positive};
use crate::describe::Kind::{Choice, Flag, Number, Quantity};
use crate::describe::{Model, param};
use crate::idx;
use crate::rng::{Purpose, StreamKey, name_key};
use crate::time::Time;

/// The source's table; `images` and `labels`, which name files, stand beside it.
pub const LABELS: Model = Model {
    name: "source.labels",
    summary: "Labelled images (IDX files such as MNIST's) shown one after the other; one member per pixel",
    equations: "images = \"..-images-idx3-ubyte.gz\", labels = \"..-labels-idx1-ubyte.gz\": an IDX file, plain or gzip, or a list of such\n\
                a pixel of value p (0 to 255) fires at min_rate + (max_rate - min_rate) p/255 while its image is shown, and not in the rest\n\
                poisson: a Poisson train of that rate;  periodic: equal intervals, the first spike at a random part of one\n\
                shown are the first `train` images, `epochs` times, then the first `label` images once more, then the last `test` images;\n\
                size follows from the images, simulation.duration, if it is not given, from what is shown\n\
                the result has a table /intervals/<population>: start_time, stop_time, image, label, part (train, label, test) and epoch of each that ends within the run",
    reference: "IDX: LeCun, Cortes & Burges, the MNIST database of handwritten digits; rates as in Diehl & Cook 2015, \
                doi:10.3389/fncom.2015.00099 (63.75 Hz, 350 ms, 150 ms)",
    params: &[
        param("max_rate", Quantity("Hz"), f64::NAN, NonNegative, "rate of a pixel of 255"),
        param("min_rate", Quantity("Hz"), 0.0, NonNegative, "rate of a pixel of 0"),
        param("coding", Choice(&["poisson", "periodic"]), 0.0, Finite, "how a pixel fires at its rate"),
        param("presentation", Quantity("ms"), 350.0, Positive, "how long an image is shown"),
        param("rest", Quantity("ms"), 150.0, NonNegative, "silence after each image"),
        param("start", Quantity("ms"), 0.0, NonNegative, "when the first image is shown"),
        param(
            "train",
            Number,
            f64::INFINITY,
            NotNan,
            "how many images, from the first on, are for training; inf: all but those of test",
        ),
        param("epochs", Number, 1.0, NonNegative, "how often those are shown"),
        param(
            "label",
            Number,
            0.0,
            NonNegative,
            "how many of them are shown once more, after training, to label neurons",
        ),
        param("test", Number, 0.0, NonNegative, "how many images, the last ones, are shown at the end"),
        param("shuffle", Flag, 0.0, Finite, "show the images of each epoch of training in a random order"),
    ],
    variables: &[],
};

/// More presentations than this can't be meant; their random numbers have room for 2^43.
const MOST_SHOWN: u64 = 100_000_000;
/// Spikes of a pixel in one presentation, on average, at most.
const MOST_SPIKES: f64 = 100_000.0;

/// How a pixel fires at its rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// As a Poisson process.
    Poisson,
    /// At equal intervals, from a random phase on.
    Periodic,
}

/// What an image is shown for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// To learn from.
    Train,
    /// To see which neuron stands for which label.
    Label,
    /// To see how well that goes.
    Test,
}

impl Part {
    /// Its name in the result.
    pub fn name(self) -> &'static str {
        match self {
            Part::Train => "train",
            Part::Label => "label",
            Part::Test => "test",
        }
    }
}

/// Images and their labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Images {
    /// Rows of an image.
    pub rows: usize,
    /// Columns of an image.
    pub columns: usize,
    /// Image after image, row after row: 0 to 255.
    pub pixels: Vec<u8>,
    /// The label of each image.
    pub labels: Vec<u8>,
}

/// One presentation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shown {
    /// Which image.
    pub image: u32,
    /// What for.
    pub part: Part,
    /// How often the images of this part had been shown before.
    pub epoch: u32,
}

/// `source.labels`.
#[derive(Clone, Debug)]
pub struct LabelsSpec {
    /// The images.
    pub images: Arc<Images>,
    /// What is shown, in order.
    pub shown: Arc<[Shown]>,
    /// When the first image is shown.
    pub start: Time,
    /// How long an image is shown.
    pub presentation: Time,
    /// Silence after each image.
    pub rest: Time,
    /// Rate of a pixel of 0 \[Hz\].
    pub min_rate: f64,
    /// Rate of a pixel of 255 \[Hz\].
    pub max_rate: f64,
    /// How a pixel fires.
    pub coding: Coding,
}

impl LabelsSpec {
    /// Members: pixels of an image.
    pub fn size(&self) -> usize {
        self.images.rows * self.images.columns
    }

    /// When presentation `index` begins.
    #[inline]
    pub fn begin(&self, index: usize) -> Time {
        Time(self.start.0 + index as i64 * (self.presentation.0 + self.rest.0))
    }

    /// When the rest after the last presentation is over.
    pub fn end(&self) -> Time {
        self.begin(self.shown.len())
    }

    /// The rate of a pixel in a presentation \[Hz\].
    #[inline]
    pub fn rate(&self, index: usize, pixel: usize) -> f64 {
        let value = self.images.pixels[self.shown[index].image as usize * self.size() + pixel];
        self.min_rate + (self.max_rate - self.min_rate) * f64::from(value) * (1.0 / 255.0)
    }
}

impl Reader<'_> {
    /// Reads the source of the population `name`.
    pub(crate) fn labels(&self, entry: &Entry, name: &str) -> Result<LabelsSpec, ModelError> {
        let Some(table) = entry.node.table() else { return Err(entry.node.mismatch("a table")) };
        LABELS_SOURCE.check(table)?;
        let file = "an IDX file such as \"train-images-idx3-ubyte.gz\", or a list of such";
        let images_at = required(table, "images", &entry.key_at, file)?;
        let labels_at = required(table, "labels", &entry.key_at, file)?;
        let rest = table.entries.iter().filter(|e| e.key != "images" && e.key != "labels").cloned().collect::<Vec<_>>();
        let v = models::numbers(&self.scope, &LABELS, "the source", &entry.key_at, &rest)?;
        let [max_rate, min_rate, coding, presentation, silence, start, train, epochs, label, test, shuffle] = v[..]
        else {
            return Err(entry.key_at.error("the table of source.labels has other parameters than its reader"));
        };
        let images = self.images(images_at, labels_at)?;
        let at = |key: &str| table.get(key).map_or(&entry.key_at, |node| &node.at);
        let (presentation, silence, start) =
            (Time::from_ms(presentation), Time::from_ms(silence), Time::from_ms(start));
        if presentation == Time::ZERO {
            return Err(at("presentation").error("found less than a tick, expected a time such as \"350 ms\""));
        }
        if min_rate > max_rate {
            return Err(at("min_rate").error(format!("found {min_rate} Hz, expected at most max_rate, {max_rate} Hz")));
        }
        if max_rate * presentation.seconds() > MOST_SPIKES {
            let message = format!("found {max_rate} Hz, more than {MOST_SPIKES} spikes of a pixel in one presentation");
            return Err(at("max_rate").error(message).help("a rate is in Hz: \"63.75 Hz\""));
        }
        let all = images.labels.len();
        let count = |key: &str, value: f64, most: usize, of: &str| {
            if value.fract() != 0.0 || value < 0.0 {
                return Err(at(key).error(format!("found {value}, expected a whole number, 0 or more")));
            }
            if value > most as f64 {
                return Err(at(key).error(format!("found {value}, but there are {most} {of}")));
            }
            Ok(value as usize)
        };
        let test = count("test", test, all, "images")?;
        let left = all - test;
        let train =
            if train.is_infinite() { left } else { count("train", train, left, "images that are not for test")? };
        let label = count("label", label, train, "images for training")?;
        let epochs = count("epochs", epochs, u32::MAX as usize, "epochs at most")?;
        let total = (train as u64).saturating_mul(epochs as u64).saturating_add((label + test) as u64);
        let length = i128::from(total) * i128::from(presentation.0 + silence.0) + i128::from(start.0);
        if total > MOST_SHOWN || length > i128::from(Time::LIMIT.0) {
            return Err(at("epochs").error(format!("{total} presentations take longer than 100 days, or are too many")));
        }
        if total == 0 {
            return Err(entry
                .key_at
                .error("no image is shown: expected `train` and `epochs`, or `test`, of 1 or more"));
        }
        let key = StreamKey::new(self.seed, Purpose::Order, name_key(name));
        let mut shown = Vec::with_capacity(total as usize);
        for epoch in 0..epochs as u32 {
            let mut order: Vec<u32> = (0..train as u32).collect();
            if shuffle != 0.0 {
                let mut stream = key.stream(u64::from(epoch));
                (1..order.len()).rev().for_each(|i| order.swap(i, stream.below(i as u64 + 1) as usize));
            }
            shown.extend(order.into_iter().map(|image| Shown { image, part: Part::Train, epoch }));
        }
        shown.extend((0..label as u32).map(|image| Shown { image, part: Part::Label, epoch: 0 }));
        shown.extend((left..all).map(|image| Shown { image: image as u32, part: Part::Test, epoch: 0 }));
        Ok(LabelsSpec {
            images: Arc::new(images),
            shown: shown.into(),
            start,
            presentation,
            rest: silence,
            min_rate,
            max_rate,
            coding: [Coding::Poisson, Coding::Periodic][coding as usize],
        })
    }

    fn images(&self, images: &Node, labels: &Node) -> Result<Images, ModelError> {
        let (image_files, label_files) = (files(images), files(labels));
        if image_files.len() != label_files.len() || image_files.is_empty() {
            let message = format!("found {} files of labels for {} of images", label_files.len(), image_files.len());
            return Err(labels.at.error(message));
        }
        let mut all = Images { rows: 0, columns: 0, pixels: Vec::new(), labels: Vec::new() };
        for (image_at, label_at) in image_files.into_iter().zip(label_files) {
            let read = |node: &Node| {
                let path = self.scope.path(node)?;
                let wrong = |message: String| node.at.error(format!("{}: {message}", path.display()));
                idx::read(&path).map_err(wrong)
            };
            let (own, own_labels) = (read(image_at)?, read(label_at)?);
            let [count, rows, ref more @ ..] = own.shape[..] else {
                let message = format!("an array of extents {:?}, expected images, rows and columns", own.shape);
                return Err(image_at.at.error(message).help("labels and images may have been swapped"));
            };
            let columns: usize = more.iter().product();
            if count == 0 || rows == 0 || columns == 0 {
                return Err(image_at.at.error(format!("found no pixel: the extents are {:?}", own.shape)));
            }
            if own_labels.shape != [count] {
                let message = format!("found labels of extents {:?} for {count} images", own_labels.shape);
                return Err(label_at.at.error(message).help("take the file of labels that belongs to the images"));
            }
            if all.rows == 0 {
                (all.rows, all.columns) = (rows, columns);
            }
            if (rows, columns) != (all.rows, all.columns) {
                let message =
                    format!("images of {rows} x {columns} pixels after some of {} x {}", all.rows, all.columns);
                return Err(image_at.at.error(message));
            }
            all.pixels.extend(own.bytes);
            all.labels.extend(own_labels.bytes);
        }
        if all.labels.len() > u32::MAX as usize {
            return Err(images.at.error(format!("found {} images, expected at most {}", all.labels.len(), u32::MAX)));
        }
        Ok(all)
    }
}

/// One file, or a list of them.
fn files(node: &Node) -> Vec<&Node> {
    node.array().map_or_else(|| vec![node], |items| items.iter().collect())
}
