//! Ranks over MPI, which was started by `mpirun`, `srun` or the like.
//!
//! Only the thread that joined calls MPI (`MPI_THREAD_FUNNELED`): [`Ranks`] can't leave it.

use std::rc::Rc;

use ::mpi::Threading;
use ::mpi::collective::SystemOperation;
use ::mpi::datatype::PartitionMut;
use ::mpi::environment::Universe;
use ::mpi::topology::SimpleCommunicator;
use ::mpi::traits::{Communicator, CommunicatorCollectives, Destination, Root, Source};

use super::{Ranks, Transport};

/// Most bytes of one message: counts of MPI have 31 bits.
const MESSAGE: usize = 1 << 30;

/// All processes of the run.
struct World {
    all: SimpleCommunicator,
    neighbours: usize,
    room: std::cell::RefCell<Counts>,
    /// Ends MPI when it goes, after all else.
    _universe: Universe,
}

/// Counts and displacements, kept from call to call.
#[derive(Default)]
struct Counts(Vec<i32>, Vec<i32>);

/// Joins the ranks that were started together.
///
/// # Errors
/// If the MPI library can't be used.
pub fn join() -> Result<Ranks, String> {
    let Some((universe, threading)) = ::mpi::initialize_with_threading(Threading::Funneled) else {
        return Err("MPI has been started already".into());
    };
    if threading < Threading::Funneled {
        return Err("this MPI library does not allow threads; use one that supports MPI_THREAD_FUNNELED".into());
    }
    let all = universe.world();
    let neighbours = all.split_shared(0).size() as usize;
    Ok(Ranks::over(Rc::new(World { all, neighbours, room: Default::default(), _universe: universe })))
}

impl Transport for World {
    fn rank(&self) -> usize {
        self.all.rank() as usize
    }

    fn size(&self) -> usize {
        self.all.size() as usize
    }

    fn neighbours(&self) -> usize {
        self.neighbours
    }

    fn words(&self, own: u64, all: &mut Vec<u64>) {
        all.resize(self.size(), 0);
        self.all.all_gather_into(&own, &mut all[..]);
    }

    fn everybodys(&self, own: &[u8], lengths: &[usize], all: &mut Vec<u8>) {
        let total: usize = lengths.iter().sum();
        all.resize(total, 0);
        if total > MESSAGE {
            // Too long for counts of MPI: one rank after the other.
            let mut rest = &mut all[..];
            for (rank, &length) in lengths.iter().enumerate() {
                let (part, others) = rest.split_at_mut(length);
                if rank == self.rank() {
                    part.copy_from_slice(own);
                }
                self.spread(rank, part);
                rest = others;
            }
            return;
        }
        let Counts(counts, starts) = &mut *self.room.borrow_mut();
        counts.clear();
        starts.clear();
        let mut start = 0;
        for &length in lengths {
            counts.push(length as i32);
            starts.push(start);
            start += length as i32;
        }
        let mut parts = PartitionMut::new(&mut all[..], &counts[..], &starts[..]);
        self.all.all_gather_varcount_into(own, &mut parts);
    }

    fn to_first(&self, own: &[u8], lengths: &[usize]) -> Vec<Vec<u8>> {
        if self.rank() > 0 {
            own.chunks(MESSAGE).for_each(|chunk| self.all.process_at_rank(0).send(chunk));
            return Vec::new();
        }
        let from = |(rank, &length): (usize, &usize)| {
            let mut bytes = if rank == 0 { own.to_vec() } else { vec![0; length] };
            if rank > 0 {
                let source = self.all.process_at_rank(rank as i32);
                for chunk in bytes.chunks_mut(MESSAGE) {
                    source.receive_into(chunk);
                }
            }
            bytes
        };
        lengths.iter().enumerate().map(from).collect()
    }

    fn hand_out(&self, bytes: &mut Vec<u8>, length: usize) {
        bytes.resize(length, 0);
        self.spread(0, bytes);
    }

    fn sum(&self, numbers: &mut [u64]) {
        let own = numbers.to_vec();
        self.all.all_reduce_into(&own[..], numbers, SystemOperation::sum());
    }

    fn abort(&self, code: u8) -> ! {
        self.all.abort(i32::from(code))
    }
}

impl World {
    /// Gives everybody the bytes of one rank.
    fn spread(&self, rank: usize, bytes: &mut [u8]) {
        let root = self.all.process_at_rank(rank as i32);
        bytes.chunks_mut(MESSAGE).for_each(|chunk| root.broadcast_into(chunk));
    }
}
