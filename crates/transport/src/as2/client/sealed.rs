//! A message sealed to its end before the first byte of it goes: its MIC can be noted beforehand, and
//! the same bytes can be sent twice.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hyper::body::Bytes;
use tieline_smime::mime::Headers;
use tieline_smime::{Fault, Mic, Seal, SystemRandomness};

use crate::as2::client::Message;
use crate::as2::client::outcome::Failure;
use crate::as2::spool::nameless;

/// The most bytes of a sealed message that are held in memory.
const IN_MEMORY: usize = 256 * 1024;

/// A message as it goes out.
#[derive(Debug, Clone)]
pub struct Sealed {
    /// The fields of its entity.
    pub(crate) entity: Headers,
    pub(crate) body: Body,
    mic: Mic,
}

/// Where the sealed bytes are.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    Memory(Bytes),
    /// A file without a name, and its length.
    File(Arc<File>, u64),
}

impl Sealed {
    /// The digest that the receipt has to tell.
    pub fn mic(&self) -> &Mic {
        &self.mic
    }
}

/// Seals a message, on a thread that may block. What is too large for memory goes into a file without a
/// name in this folder.
///
/// # Errors
///
/// [`Failure::Seal`] if the payload cannot be read or not be sealed like that, and
/// [`Failure::Message`] if the message has a name or a text that cannot be sent.
pub async fn seal(
    message: &Message,
    payload: impl Read + Send + 'static,
    folder: impl Into<PathBuf>,
) -> Result<Sealed, Failure> {
    message.fields().map_err(|what| Failure::Message(what.into()))?;
    let (message, folder) = (message.clone(), folder.into());
    let sealed = tokio::task::spawn_blocking(move || sealed(&message, payload, &folder)).await;
    match sealed {
        Ok(sealed) => sealed.map_err(Failure::Seal),
        Err(_) => Err(Failure::Broken { text: "sealing stopped".into() }),
    }
}

fn sealed(message: &Message, mut payload: impl Read, folder: &Path) -> Result<Sealed, Fault> {
    let seal = Seal::new(message.sealing(), &SystemRandomness)?;
    let entity = seal.headers().clone();
    let mut out = Out { folder, memory: Vec::new(), file: None };
    let mic = seal.write(&mut payload, &mut out)?;
    Ok(Sealed { entity, body: out.finish()?, mic })
}

/// Takes what is sealed into memory, and into a file once it is too much.
struct Out<'a> {
    folder: &'a Path,
    memory: Vec<u8>,
    file: Option<BufWriter<File>>,
}

impl Out<'_> {
    fn finish(self) -> io::Result<Body> {
        let Some(file) = self.file else { return Ok(Body::Memory(self.memory.into())) };
        let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        let length = file.stream_position()?;
        file.seek(SeekFrom::Start(0))?;
        Ok(Body::File(Arc::new(file), length))
    }
}

impl Write for Out<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(file) = &mut self.file {
            return file.write(bytes);
        }
        if self.memory.len() + bytes.len() > IN_MEMORY {
            let mut file = BufWriter::with_capacity(64 * 1024, nameless(self.folder)?);
            file.write_all(&std::mem::take(&mut self.memory))?;
            let file = self.file.insert(file);
            return file.write(bytes);
        }
        self.memory.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}
