//! Rows of a table, streamed with binary COPY: the server filters, a thread reads ahead a few blocks, nothing else is kept.

mod decode;
mod table;

use std::pin::pin;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use futures_util::StreamExt;
use tokio_postgres::error::SqlState;

use super::block::{self, Blocks};
use super::{Row, Source};
use crate::drift::DriftError;
use crate::drift::section::Section;
use crate::live::connect::{Target, plain};
use decode::Met;
use table::{Shape, Table};

/// Bytes handed over at once, and how many such blocks may wait.
const BLOCK: usize = 1 << 18;
const WAITING: usize = 4;

type Received = Result<Vec<u8>, DriftError>;

/// A running COPY.
pub struct Copy {
    blocks: Receiver<Received>,
    /// Bytes received, and how far they have been read.
    block: Vec<u8>,
    at: usize,
    /// As messages name it.
    table: String,
    shape: Shape,
    rows: u64,
    /// Blocks that have been read, for the thread to fill again.
    used: SyncSender<Vec<u8>>,
    /// Products and groups so far.
    met: Met,
    /// Where the rows of the block read last begin, and the number of the first.
    starts: Vec<usize>,
    first: u64,
}

impl Copy {
    /// Connects, looks at the section's columns and starts the COPY.
    ///
    /// # Errors
    /// No connection, no such table or column, a column of the wrong type, a permission that is missing, a bad `where`.
    pub fn start(target: Target, section: &Section, table: &str) -> Result<Self, DriftError> {
        let (shape_to, shape_from) = sync_channel(1);
        let (blocks_to, blocks) = sync_channel(WAITING);
        let (used, empty) = sync_channel(WAITING + 1);
        let (section, name) = (section.clone(), table.to_owned());
        let failed = |message: String| DriftError::Table { table: table.to_owned(), message };
        let work = move || {
            let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => return drop(blocks_to.send(Err(error.into()))),
            };
            if let Err(error) = runtime.block_on(send(
                &target,
                &section,
                &name,
                &shape_to,
                &Exchange { full: &blocks_to, empty: &empty },
            )) {
                // Nobody listens any more where the check has stopped for another reason.
                let _ = blocks_to.send(Err(error));
            }
        };
        std::thread::Builder::new().spawn(work)?;
        let cut = || failed(CUT.to_owned());
        let Ok(shape) = shape_from.recv() else {
            return Err(blocks.recv().ok().and_then(Result::err).unwrap_or_else(cut));
        };
        let mut copy = Self {
            blocks,
            block: Vec::new(),
            at: 0,
            table: table.to_owned(),
            shape,
            rows: 0,
            used,
            met: Met::default(),
            starts: Vec::with_capacity(block::ROWS),
            first: 0,
        };
        copy.skip_header()?;
        Ok(copy)
    }

    /// Signature, flags, and an extension of given length.
    fn skip_header(&mut self) -> Result<(), DriftError> {
        loop {
            if let Some((_, rest)) = self.block.split_at_checked(15)
                && let Some(length) = rest.first_chunk::<4>()
                && let Ok(extension) = usize::try_from(u32::from_be_bytes(*length))
                && self.block.len() >= 19 + extension
            {
                self.at = 19 + extension;
                return Ok(());
            }
            self.refill()?;
        }
    }

    /// Appends the next block to what has not been read.
    fn refill(&mut self) -> Result<(), DriftError> {
        let next = self.blocks.recv();
        let next = next.map_err(|_| DriftError::Table { table: self.table.clone(), message: CUT.to_owned() })??;
        if self.at >= self.block.len() {
            // Where the thread has enough of them the memory is freed.
            let _ = self.used.try_send(std::mem::replace(&mut self.block, next));
        } else {
            self.block.drain(..self.at);
            self.block.extend(next);
        }
        self.at = 0;
        Ok(())
    }
}

/// A stream that ends without its trailer.
const CUT: &str = "reading stopped before the end: the connection was lost";

/// The thread's two ends.
struct Exchange<'a> {
    full: &'a SyncSender<Received>,
    empty: &'a Receiver<Vec<u8>>,
}

impl Exchange<'_> {
    fn block(&self) -> Vec<u8> {
        let mut block = self.empty.try_recv().unwrap_or_default();
        block.clear();
        block.reserve(BLOCK + BLOCK / 4);
        block
    }
}

/// The thread's work: tells the shape, then sends blocks until the end.
async fn send(
    target: &Target,
    section: &Section,
    table: &str,
    shape_to: &SyncSender<Shape>,
    exchange: &Exchange<'_>,
) -> Result<(), DriftError> {
    let failed = |error: tokio_postgres::Error| {
        let policies = error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) && plain(&error).contains("row-level");
        let hint = if policies { "; connect as the owner or a role with BYPASSRLS, which sees every row" } else { "" };
        DriftError::Table { table: table.to_owned(), message: plain(&error) + hint }
    };
    let client = target.open_read_only().await?;
    // Policies would leave rows out without a word: with this the server refuses instead.
    client.batch_execute("set local row_security = off").await.map_err(failed)?;
    let shape = Table::read(&client, table).await?.shape(section)?;
    let sql = shape.sql.clone();
    let mut stream = pin!(client.copy_out(&sql).await.map_err(failed)?);
    if shape_to.send(shape).is_err() {
        return Ok(());
    }
    let mut block = exchange.block();
    while let Some(message) = stream.next().await {
        block.extend_from_slice(&message.map_err(failed)?);
        if block.len() >= BLOCK {
            if exchange.full.send(Ok(block)).is_err() {
                return Ok(());
            }
            block = exchange.block();
        }
    }
    let _ = exchange.full.send(Ok(block));
    Ok(())
}

impl Source for Copy {
    fn part(&self) -> Option<f64> {
        self.shape.expected.map(|expected| (self.rows as f64 / expected).min(0.99))
    }

    fn read(&mut self, row: &mut Row) -> Result<bool, DriftError> {
        loop {
            let rest = self.block.get(self.at..).unwrap_or(&[]);
            if ends(rest) {
                return Ok(false);
            }
            if let Some(used) = extent(rest) {
                self.rows += 1;
                self.shape.decode(rest.get(..used).unwrap_or(rest), self.rows, row);
                self.at += used;
                return Ok(true);
            }
            self.refill()?;
        }
    }

    fn blocks(&mut self) -> Option<&mut dyn Blocks> {
        Some(self)
    }
}

impl Blocks for Copy {
    fn fill(&mut self, block: &mut block::Block) -> Result<bool, DriftError> {
        block.clear();
        self.starts.clear();
        self.first = self.rows;
        loop {
            let mut rest = self.block.get(self.at..).unwrap_or(&[]);
            while block.rows < block::ROWS
                && !ends(rest)
                && let Some(used) = self.shape.add(rest, &mut self.met, block)
            {
                self.starts.push(self.at);
                self.at += used;
                rest = rest.get(used..).unwrap_or(&[]);
            }
            if block.rows > 0 || ends(rest) {
                self.rows += self.starts.len() as u64;
                return Ok(block.rows > 0);
            }
            self.refill()?;
        }
    }

    fn row(&self, at: usize, row: &mut Row) {
        let bytes = self.starts.get(at).and_then(|start| self.block.get(*start..)).unwrap_or(&[]);
        self.shape.decode(bytes, self.first + at as u64 + 1, row);
    }

    fn group(&self, id: u32) -> Vec<String> {
        self.shape.group(self.met.groups.bytes(id))
    }

    fn product(&self, id: u32) -> Option<String> {
        self.shape.product(self.met.products.bytes(id))
    }
}

fn ends(bytes: &[u8]) -> bool {
    bytes.first_chunk::<2>() == Some(&[0xff, 0xff])
}

/// Bytes of the row at the front of `bytes`, if all of it is there.
fn extent(bytes: &[u8]) -> Option<usize> {
    let fields = i16::from_be_bytes(*bytes.first_chunk::<2>()?);
    let mut at = 2;
    for _ in 0..fields {
        let length = i32::from_be_bytes(*bytes.get(at..)?.first_chunk::<4>()?);
        at += 4 + usize::try_from(length).unwrap_or(0);
    }
    (at <= bytes.len()).then_some(at)
}
