//! The sets that ship, as a model file writes them, and what each one is.

/// The sets, in the grammar of model files.
pub const TOML: &str = include_str!("presets.toml");

/// What a set is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// Its name in a model file.
    pub name: &'static str,
    /// What it is, in a line.
    pub summary: &'static str,
    /// The measurements that it follows.
    pub reference: &'static str,
}

const fn preset(name: &'static str, summary: &'static str, reference: &'static str) -> Preset {
    Preset { name, summary, reference }
}

/// All of them, in the order of `presets.toml`. aihwkit has their figures.
pub const ALL: [Preset; 10] = [
    preset(
        "re_ram_es",
        "Resistive RAM, exponential steps (aihwkit ReRamES)",
        "Gong et al. 2018, doi:10.1038/s41467-018-04485-1",
    ),
    preset(
        "re_ram_sb",
        "Resistive RAM, a loose fit by soft bounds (aihwkit ReRamSB)",
        "Gong et al. 2018, doi:10.1038/s41467-018-04485-1",
    ),
    preset(
        "capacitor",
        "Capacitor with current sources (aihwkit Capacitor)",
        "Li et al. 2018 (VLSI), IEEE Xplore 8510648",
    ),
    preset("ec_ram", "Electrochemical RAM (aihwkit EcRam)", "Tang et al. 2018 (IEDM), IEEE Xplore 8614551"),
    preset(
        "ec_ram_mo",
        "Metal-oxide electrochemical RAM (aihwkit EcRamMO)",
        "Kim et al. 2019 (IEDM), IEEE Xplore 8993463",
    ),
    preset(
        "idealized",
        "Symmetric device of 10,000 states (aihwkit Idealized)",
        "Rasch, Gokmen & Haensch 2019, arXiv:1906.02698",
    ),
    preset(
        "gokmen_vlasov",
        "Specification of a resistive processing unit, 1,200 states (aihwkit GokmenVlasov)",
        "Gokmen & Vlasov 2016, doi:10.3389/fnins.2016.00333",
    ),
    preset(
        "re_ram_array_om",
        "Resistive RAM array, optimised material (aihwkit ReRamArrayOM)",
        "Gong, Rasch et al. 2022 (IEDM), IEEE Xplore 10019569",
    ),
    preset(
        "re_ram_array_hfo2",
        "Resistive RAM array, baseline HfO2 (aihwkit ReRamArrayHfO2)",
        "Gong, Rasch et al. 2022 (IEDM), IEEE Xplore 10019569",
    ),
    preset(
        "pcm",
        "Phase-change memory: a pair of one-sided devices with refresh (aihwkit PCM)",
        "Nandakumar et al. 2020, doi:10.3389/fnins.2020.00406",
    ),
];
