//! `memspike convert MODEL DIR --to sonata`: a network as a SONATA circuit.

use std::path::Path;

use memspike::counted::counted;
use memspike::interchange::sonata::export;
use memspike::shell;
use memspike::whole::Folders;

use crate::cli::note::notes;
use crate::cli::output::{Output, unwritten_by_library};
use crate::cli::simulate::read_of;
use crate::cli::{Done, Failure};

use super::{Args, network};

/// Builds the network and writes its files into the folder.
pub fn run(args: &Args) -> Result<Done, Failure> {
    let folder: &Path = &args.output;
    if folder.exists() && !folder.is_dir() {
        return Err(Failure::input(format!(
            "The output {} is a file; a SONATA circuit is several: give the name of a folder.",
            folder.display()
        )));
    }
    let mut layers = args.set.clone();
    layers.extend(args.dt.map(|dt| ("simulation.resolution".to_owned(), format!("\"{dt}\""))));
    let network = network::read(&args.input, &layers)?;
    if network.spec.simulation.duration.is_none() {
        return Err(Failure::input(format!(
            "{} does not say how long to simulate; give --set simulation.duration='1 s'.",
            args.input.display()
        )));
    }
    let trains = network::trains(&network.spec)?;
    let wrong = |message: String| Failure::input(format!("{}: {message}.", args.input.display()));
    let (files, said) = export(&network.spec, &network.populations, &network.synapses, trains).map_err(wrong)?;
    for path in files.paths(folder).iter().filter(|path| path.exists()) {
        Output::new(path, args.force)?.spare(read_of(&network.spec).chain([args.input.as_path()]))?;
    }
    notes(&said);
    // Away again if nothing is written, but not before it is known why.
    let made = Folders::make(folder);
    let _made =
        made.map_err(|e| Failure::unwritten(format!("The folder {} can't be made: {e}.", folder.display()), &e))?;
    files.write(folder).map_err(|message| unwritten_by_library(&folder.join("circuit_config.json"), message))?;
    let (nodes, edges) = files.size();
    Ok(Done::text(format!(
        "{}, {}\nwritten to {}; memspike run {}\n",
        counted(nodes, "node"),
        counted(edges, "edge"),
        folder.display(),
        shell::quoted(&folder.join("simulation_config.json"))
    )))
}
