//! Results are written, read back, and never look whole when they are not.

use memspike::format::{
    self,
    result::{Header, ResultFile},
};
use memspike::record::{Chunk, Layout, PopulationLayout, Sink};

fn layout() -> Layout {
    let population = |name: &str, size| PopulationLayout {
        name: name.to_owned(),
        size,
        model: "lif_delta".to_owned(),
        parameters: "{}".to_owned(),
        ..PopulationLayout::default()
    };
    Layout { populations: vec![population("E", 10), population("I", 5)], spikes: vec![0, 1], ..Layout::default() }
}

#[test]
fn spikes_come_back_as_they_were_written() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.h5");
    let mut file = ResultFile::create(&out, &layout(), &Header::default(), false).unwrap();
    file.write(Chunk::Spikes { index: 0, times_ms: vec![1.0, 1.5, 1.5], node_ids: vec![3, 0, 9] }).unwrap();
    assert!(!out.exists());
    file.finish(&serde_json::Map::new(), true).unwrap();
    assert!(!folder.path().join("out.h5.part").exists());
    let back = format::read(&out).unwrap();
    assert_eq!(back.populations, [("E".to_owned(), 0, 10), ("I".to_owned(), 10, 5)]);
    assert_eq!(back.spikes.times, [0.001, 0.0015, 0.0015]);
    assert_eq!(back.spikes.units, [3, 0, 9]);
}
