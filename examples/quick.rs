use memspike::{engine, network, record::Memory, spec};
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let threads: usize = args[2].parse().unwrap();
    let sets: Vec<(String, String)> =
        args[3..].iter().map(|a| a.split_once('=').map(|(a, b)| (a.to_string(), b.to_string())).unwrap()).collect();
    let spec = spec::load(std::path::Path::new(&args[1]), &sets).unwrap_or_else(|e| {
        eprintln!("{e}");
        std::process::exit(2)
    });
    let network = network::compile(spec, threads).unwrap_or_else(|e| {
        eprintln!("{e}");
        std::process::exit(2)
    });
    let sim = engine::prepare(network).unwrap();
    let mut sink = Memory::keeping();
    let out = sim.run(&Default::default(), &mut sink, &mut engine::Unobserved::default()).unwrap();
    println!("{}", serde_json::to_string_pretty(&out.summary).unwrap());
    let mut hash = 0u64;
    for i in 0..sim_pops(&out) {
        let (t, n) = sink.spikes(i);
        for (t, n) in t.iter().zip(&n) {
            hash = (hash ^ t.to_bits() ^ n).wrapping_mul(0x100000001b3);
        }
    }
    println!("hash {hash:x}");
}
fn sim_pops(o: &engine::Outcome) -> usize {
    o.summary.populations.len()
}
