//! Versions of files: hashes of what is in them. All of this blocks.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use super::lookup::Found;
use super::section::Section;
use crate::server::signing::hex;

/// Longer files have no version, and more are not kept. Tornado's limits.
const LONGEST: u64 = 64 * 1024 * 1024;
const MOST: usize = 10_000;

/// Versions that are known, with the stamps of their files.
#[derive(Default)]
pub(super) struct Versions(Mutex<HashMap<PathBuf, (String, String)>>);

impl Versions {
    /// The version of a file, if it can be read and is not too long.
    pub(super) fn of(&self, found: Found) -> Option<String> {
        if let Some(version) = self.known(&found) {
            return Some(version);
        }
        if found.length > LONGEST {
            return None;
        }
        let mut hasher = Sha256::new();
        let mut rest = (found.length > 0).then(|| Section::new(found.file, 0, found.length));
        while let Some(section) = rest {
            let (piece, behind) = section.read().ok()?;
            hasher.update(&piece);
            rest = behind;
        }
        let version = hex(&hasher.finalize()[..16]);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(found.path, (found.stamp, version.clone()));
        Some(version)
    }

    fn known(&self, found: &Found) -> Option<String> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (stamp, version) = known.get(&found.path)?;
        (*stamp == found.stamp).then(|| version.clone())
    }
}
