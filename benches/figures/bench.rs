//! What every row gets to work with: the server, the tools, and how much is measured.

use std::path::{Path, PathBuf};

use anyhow::Result;
use tempfile::TempDir;

use crate::measure::{Contender, Taken, side_by_side};
use crate::server::Server;
use crate::tools::Tools;

/// Bundles of certificate authorities, where systems have them.
const BUNDLES: [&str; 3] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
];
/// The authority that vouches for the server.
const AUTHORITY: &[u8] = include_bytes!("../../tests/keys/loopback-ca.pem");
/// Where files lie in memory, so that no disk is measured.
const MEMORY: &str = "/dev/shm";

/// One row's surroundings.
pub(crate) struct Bench {
    pub(crate) server: Server,
    pub(crate) tools: Tools,
    /// How much is measured.
    pub(crate) extent: Extent,
    /// The system's authorities and the server's, as one file.
    pub(crate) authorities: PathBuf,
    dir: TempDir,
}

/// How much is measured.
#[derive(Clone, Copy)]
pub(crate) struct Extent {
    /// Runs of what takes some milliseconds.
    pub(crate) short: u32,
    /// Runs of what takes half a second.
    pub(crate) long: u32,
    /// The bytes of a large body.
    pub(crate) bytes: u64,
    /// The calls of a script.
    pub(crate) calls: u32,
    /// The processes of a crowd.
    pub(crate) crowd: u32,
}

impl Extent {
    /// For figures.
    pub(crate) const FULL: Extent = Extent {
        short: 200,
        long: 9,
        bytes: 1 << 30,
        calls: 1000,
        crowd: 200,
    };
    /// To see that everything still works.
    pub(crate) const QUICK: Extent = Extent {
        short: 3,
        long: 1,
        bytes: 1 << 24,
        calls: 20,
        crowd: 10,
    };
}

impl Bench {
    pub(crate) fn new(extent: Extent) -> Result<Self> {
        let mut builder = tempfile::Builder::new();
        let builder = builder.prefix("hallpass-");
        let dir = builder.tempdir_in(MEMORY).or_else(|_| builder.tempdir())?;
        let mut bundle = BUNDLES.iter().find_map(|path| std::fs::read(path).ok());
        let authorities = dir.path().join("authorities.pem");
        let whole = bundle.get_or_insert_default();
        whole.extend_from_slice(AUTHORITY);
        crate::home::write(&authorities, whole)?;
        Ok(Self {
            server: Server::start()?,
            tools: Tools::find(),
            extent,
            authorities,
            dir,
        })
    }

    /// A file, in memory where there is such a place.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// What takes some milliseconds.
    pub(crate) fn short(&self, contenders: &mut [Contender]) -> Result<Vec<Taken>> {
        side_by_side(contenders, self.extent.short, false)
    }

    /// What takes about half a second; the memory is watched.
    pub(crate) fn long(&self, contenders: &mut [Contender]) -> Result<Vec<Taken>> {
        side_by_side(contenders, self.extent.long, true)
    }
}

/// A path as an argument; those of temporary files are plain.
pub(crate) fn text(path: &Path) -> String {
    path.display().to_string()
}
