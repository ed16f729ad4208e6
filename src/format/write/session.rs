//! What a file says of the session and the subject, where the recording itself doesn't.

/// The fields of an NWB file that no recording of spikes can fill. Absent ones are not written.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// What was done, in a sentence.
    pub description: Option<String>,
    /// Start of the session, ISO 8601 with a time zone: times in the file count from there, or from `reference`.
    pub start: String,
    /// The moment from which times in the file count, where that is another one.
    pub reference: Option<String>,
    /// When the file is written, ISO 8601 in UTC.
    pub written: String,
    /// An identifier that no other file has; without it one is derived from the spikes.
    pub identifier: Option<String>,
    /// The lab's own name of the session.
    pub id: Option<String>,
    /// People, as `Last, First`.
    pub experimenters: Vec<String>,
    /// The purpose of the experiment.
    pub experiment: Option<String>,
    /// University or institute.
    pub institution: Option<String>,
    /// Lab.
    pub lab: Option<String>,
    /// Words to find it by.
    pub keywords: Vec<String>,
    /// The smallest difference between spike times \[s\], e.g. of a sample; without it what the recording says.
    pub resolution: Option<f64>,
    /// Who was recorded; absent if nothing of it is said.
    pub subject: Subject,
}

/// The animal, person or, for a simulation, model that the spikes come from.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// Its name.
    pub id: Option<String>,
    /// Latin name, or an address of the NCBI taxonomy.
    pub species: Option<String>,
    /// M, F, U (unknown) or O (other).
    pub sex: Option<String>,
    /// ISO 8601 duration, such as P90D.
    pub age: Option<String>,
    /// Anything else.
    pub description: Option<String>,
}
