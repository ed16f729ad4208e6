//! Ranks: processes that simulate one network together, each its own part of the neurons and the synapses onto them.
//!
//! A process without companions is [`Ranks::alone`]; then nothing here costs anything. What carries messages is a
//! [`Transport`]: MPI (feature `mpi`), or threads of one process in tests. All ranks make the same calls in the same
//! order. Rank 0, the first, is the one that talks to the user and writes the result.

use std::fmt::Display;
use std::rc::Rc;

use serde::Serialize;
use serde::de::DeserializeOwned;

#[cfg(feature = "mpi")]
pub mod mpi;

/// Carries messages. Every call is made by all ranks, in the same order.
pub trait Transport {
    /// Which rank this is, from 0.
    fn rank(&self) -> usize;

    /// How many there are.
    fn size(&self) -> usize;

    /// How many of them are on this machine, with this one.
    fn neighbours(&self) -> usize;

    /// Sets `all` to everybody's word, by rank.
    fn words(&self, own: u64, all: &mut Vec<u64>);

    /// Sets `all` to everybody's bytes, one rank's after the other's; everybody knows how many each has.
    fn everybodys(&self, own: &[u8], lengths: &[usize], all: &mut Vec<u8>);

    /// On the first rank, everybody's bytes by rank; nothing elsewhere. Everybody knows how many each has.
    fn to_first(&self, own: &[u8], lengths: &[usize]) -> Vec<Vec<u8>>;

    /// Sets `bytes` to those of the first rank; everybody knows how many that are.
    fn hand_out(&self, bytes: &mut Vec<u8>, length: usize);

    /// Sets each number to its sum over all ranks.
    fn sum(&self, numbers: &mut [u64]);

    /// Ends all ranks at once with this exit code.
    fn abort(&self, code: u8) -> !;
}

/// How many processes an MPI launcher says it has started: 1 without one. It is asked before MPI is, so that a program
/// that was started alone has nothing to do with it.
pub fn launched() -> usize {
    // Open MPI; MPICH, Intel MPI and Slurm's PMI; MVAPICH; Slurm's PMIx, which has no name of its own for it.
    let mut names = vec!["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MV2_COMM_WORLD_SIZE"];
    if std::env::var_os("PMIX_RANK").is_some() {
        names.push("SLURM_STEP_NUM_TASKS");
    }
    names.iter().find_map(|name| std::env::var(name).ok()?.parse().ok()).unwrap_or(1)
}

/// This process among those that simulate the same network.
#[derive(Clone, Default)]
pub struct Ranks(Option<Rc<dyn Transport>>);

impl std::fmt::Debug for Ranks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "rank {} of {}", self.rank(), self.size())
    }
}

impl Ranks {
    /// The only process.
    pub fn alone() -> Ranks {
        Ranks::default()
    }

    /// One of several, which talk over `transport`.
    pub fn over(transport: Rc<dyn Transport>) -> Ranks {
        Ranks((transport.size() > 1).then_some(transport))
    }

    /// Which rank this is, from 0.
    pub fn rank(&self) -> usize {
        self.0.as_ref().map_or(0, |t| t.rank())
    }

    /// How many there are.
    pub fn size(&self) -> usize {
        self.0.as_ref().map_or(1, |t| t.size())
    }

    /// How many of them are on this machine, with this one.
    pub fn neighbours(&self) -> usize {
        self.0.as_ref().map_or(1, |t| t.neighbours())
    }

    /// Is it the only one?
    pub fn is_alone(&self) -> bool {
        self.0.is_none()
    }

    /// Is it the one that talks to the user and writes the result?
    pub fn is_first(&self) -> bool {
        self.rank() == 0
    }

    /// Sets `all` to everybody's word, by rank.
    pub fn words(&self, own: u64, all: &mut Vec<u64>) {
        match &self.0 {
            Some(transport) => transport.words(own, all),
            None => {
                all.clear();
                all.push(own);
            }
        }
    }

    /// The least of everybody's numbers.
    pub fn least(&self, own: u64) -> u64 {
        let mut all = Vec::new();
        self.words(own, &mut all);
        all.into_iter().min().unwrap_or(own)
    }

    /// The largest of everybody's numbers.
    pub fn most(&self, own: u64) -> u64 {
        let mut all = Vec::new();
        self.words(own, &mut all);
        all.into_iter().max().unwrap_or(own)
    }

    /// Sets `all` to everybody's bytes, by rank; everybody knows how many each has.
    pub fn everybodys(&self, own: &[u8], lengths: &[usize], all: &mut Vec<u8>) {
        match &self.0 {
            Some(transport) => transport.everybodys(own, lengths, all),
            None => {
                all.clear();
                all.extend_from_slice(own);
            }
        }
    }

    /// On the first rank, what each has, by rank; nothing elsewhere.
    pub fn gather<T: Serialize + DeserializeOwned>(&self, own: T) -> Vec<T> {
        let Some(transport) = &self.0 else { return vec![own] };
        // What the first rank has need not be sent.
        let (own, bytes) = if self.is_first() { (Some(own), Vec::new()) } else { (None, self.checked(pack(&own))) };
        let lengths = self.lengths(bytes.len());
        let all = transport.to_first(&bytes, &lengths);
        own.into_iter().chain(all.iter().skip(1).map(|bytes| self.checked(unpack(bytes)))).collect()
    }

    /// What the first rank has, everywhere. Only the first has to give something.
    pub fn hand_out<T: Serialize + DeserializeOwned>(&self, own: Option<T>) -> Option<T> {
        let Some(transport) = &self.0 else { return own };
        let mut bytes = own.as_ref().filter(|_| self.is_first()).map(|own| self.checked(pack(own))).unwrap_or_default();
        let length = self.lengths(bytes.len())[0];
        transport.hand_out(&mut bytes, length);
        if self.is_first() || length == 0 {
            return own;
        }
        Some(self.checked(unpack(&bytes)))
    }

    /// Sets each number to its sum over all ranks.
    pub fn sum(&self, numbers: &mut [u64]) {
        if let Some(transport) = &self.0 {
            transport.sum(numbers);
        }
    }

    /// Whether all ranks are well. If not, everybody gets the error of the first rank that has one; elsewhere than
    /// there, `told` makes it of its code and text.
    ///
    /// # Errors
    /// If any rank has one.
    pub fn agree<T, E: Display>(
        &self,
        own: Result<T, E>,
        code: impl Fn(&E) -> u8,
        told: impl FnOnce(u8, String) -> E,
    ) -> Result<T, E> {
        let Some(transport) = &self.0 else { return own };
        let mut codes = Vec::new();
        self.words(own.as_ref().err().map_or(0, |e| u64::from(code(e).max(1))), &mut codes);
        let Some(ill) = codes.iter().position(|&code| code > 0) else { return own };
        let text = match &own {
            Err(error) if ill == self.rank() => error.to_string().into_bytes(),
            _ => Vec::new(),
        };
        let (lengths, mut all) = (self.lengths(text.len()), Vec::new());
        transport.everybodys(&text, &lengths, &mut all);
        match own {
            Err(error) if ill == self.rank() => Err(error),
            _ => Err(told(codes[ill] as u8, String::from_utf8_lossy(&all).into_owned())),
        }
    }

    /// Ends all ranks at once: for what can't be agreed on, such as a panic. Alone it ends the process.
    pub fn abort(&self, code: u8) -> ! {
        match &self.0 {
            Some(transport) => transport.abort(code),
            None => std::process::exit(i32::from(code)),
        }
    }

    fn lengths(&self, own: usize) -> Vec<usize> {
        let mut all = Vec::new();
        self.words(own as u64, &mut all);
        all.into_iter().map(|length| length as usize).collect()
    }

    /// Messages are plain data between copies of one program: what can't be read was garbled, or comes from another version.
    fn checked<T>(&self, message: Result<T, String>) -> T {
        message.unwrap_or_else(|error| {
            crate::say!(
                "error: A message between ranks can't be read ({error}); run the same memspike on all of them."
            );
            self.abort(1)
        })
    }
}

fn unpack<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    postcard::from_bytes(bytes).map_err(|e| e.to_string())
}

fn pack<T: Serialize>(value: &T) -> Result<Vec<u8>, String> {
    postcard::to_allocvec(value).map_err(|e| e.to_string())
}
