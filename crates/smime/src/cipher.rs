//! Content encrypted and decrypted piece by piece.
//!
//! AES in CBC and counter mode is that of AWS-LC. It does Galois counter mode only in one piece, so
//! that is put together here from its counter mode and the `ghash` crate. Triple DES is decrypted
//! only.

use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, Algorithm, DecryptionContext, EncryptionContext,
    StreamingDecryptingKey, StreamingEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::iv::FixedLength;
use cbc::cipher::{Block, BlockModeDecrypt, KeyIvInit};
use des::TdesEde3;
use ghash::GHash;
use ghash::universal_hash::UniversalHash;

use crate::algorithm::Cipher;
use crate::fault::Fault;

/// The most that one key may encrypt in Galois counter mode, in bytes (NIST SP 800-38D, 5.2.1.1).
const LONGEST_GCM: u64 = (1 << 36) - 32;
/// The shortest tag that is taken, in bytes (RFC 5084, 3.2).
const SHORTEST_TAG: usize = 12;
const BLOCK: usize = 16;
const DES_BLOCK: usize = 8;

/// Decrypts content as it comes.
pub(crate) enum Decrypting {
    Cbc(StreamingDecryptingKey),
    Gcm(Box<Gcm>),
    TripleDes(Box<TripleDes>),
}

impl Decrypting {
    /// Key and starting value must have the lengths that the cipher asks for.
    pub(crate) fn new(cipher: Cipher, key: &[u8], start: &[u8]) -> Result<Self, Fault> {
        let unusable = Fault::Structure("a key or a starting value of the wrong length");
        match cipher {
            Cipher::TripleDesCbc => {
                let cipher = cbc::Decryptor::new_from_slices(key, start).map_err(|_| unusable)?;
                Ok(Self::TripleDes(Box::new(TripleDes { cipher, held: Vec::new() })))
            }
            Cipher::Aes128Gcm | Cipher::Aes256Gcm => {
                Gcm::new(cipher, key, start).map(|it| Self::Gcm(Box::new(it)))
            }
            _ => {
                let start = FixedLength::try_from(start).map_err(|_| unusable.clone())?;
                let context = DecryptionContext::Iv128(start);
                let cipher = unbound(cipher, key)
                    .and_then(|key| StreamingDecryptingKey::cbc_pkcs7(key, context).ok());
                cipher.map(Self::Cbc).ok_or(unusable)
            }
        }
    }

    /// Decrypts a piece; what is plain by now is appended.
    pub(crate) fn update(&mut self, piece: &[u8], plain: &mut Vec<u8>) -> Result<(), Fault> {
        match self {
            Self::Cbc(cipher) => {
                let from = plain.len();
                plain.resize(from + piece.len() + BLOCK, 0);
                let update = cipher.update(piece, &mut plain[from..]);
                let written = update.map_err(|_| Fault::Decryption)?.written().len();
                plain.truncate(from + written);
                Ok(())
            }
            Self::Gcm(gcm) => gcm.decrypt(piece, plain),
            Self::TripleDes(cipher) => {
                cipher.update(piece, plain);
                Ok(())
            }
        }
    }

    /// Ends the content: padding is checked and taken off, or the tag is compared.
    pub(crate) fn finish(self, mac: &[u8], plain: &mut Vec<u8>) -> Result<(), Fault> {
        match self {
            Self::Cbc(cipher) => {
                let mut last = [0; BLOCK];
                let update = cipher.finish(&mut last).map_err(|_| Fault::Decryption)?;
                plain.extend_from_slice(update.written());
                Ok(())
            }
            Self::Gcm(gcm) => {
                let tag = gcm.tag();
                if mac.len() < SHORTEST_TAG {
                    return Err(Fault::Decryption);
                }
                verify_slices_are_equal(&tag[..mac.len().min(BLOCK)], mac)
                    .map_err(|_| Fault::Decryption)
            }
            Self::TripleDes(cipher) => cipher.finish(plain),
        }
    }
}

/// Encrypts content as it comes.
pub(crate) enum Encrypting {
    Cbc(StreamingEncryptingKey),
    Gcm(Box<Gcm>),
}

impl Encrypting {
    pub(crate) fn new(cipher: Cipher, key: &[u8], start: &[u8]) -> Result<Self, Fault> {
        let unusable = Fault::Structure("a key or a starting value of the wrong length");
        match cipher {
            Cipher::TripleDesCbc => Err(Fault::Unsupported("encryption with triple DES")),
            Cipher::Aes128Gcm | Cipher::Aes256Gcm => {
                Gcm::new(cipher, key, start).map(|it| Self::Gcm(Box::new(it)))
            }
            _ => {
                let start = FixedLength::try_from(start).map_err(|_| unusable.clone())?;
                let context = EncryptionContext::Iv128(start);
                let cipher = unbound(cipher, key)
                    .and_then(|key| StreamingEncryptingKey::less_safe_cbc_pkcs7(key, context).ok());
                cipher.map(Self::Cbc).ok_or(unusable)
            }
        }
    }

    /// Encrypts a piece; what is encrypted by now is appended.
    pub(crate) fn update(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
        match self {
            Self::Cbc(cipher) => {
                let from = out.len();
                out.resize(from + piece.len() + BLOCK, 0);
                let update = cipher.update(piece, &mut out[from..]);
                let failed = Fault::Structure("the cipher failed");
                let written = update.map_err(|_| failed)?.written().len();
                out.truncate(from + written);
                Ok(())
            }
            Self::Gcm(gcm) => gcm.encrypt(piece, out),
        }
    }

    /// Ends the content with its padding, or gives the tag.
    pub(crate) fn finish(self, out: &mut Vec<u8>) -> Result<Option<[u8; BLOCK]>, Fault> {
        match self {
            Self::Cbc(cipher) => {
                let mut last = [0; BLOCK];
                let failed = Fault::Structure("the cipher failed");
                let (_, update) = cipher.finish(&mut last).map_err(|_| failed)?;
                out.extend_from_slice(update.written());
                Ok(None)
            }
            Self::Gcm(gcm) => Ok(Some(gcm.tag())),
        }
    }
}

fn unbound(cipher: Cipher, key: &[u8]) -> Option<UnboundCipherKey> {
    let algorithm: &'static Algorithm = match cipher {
        Cipher::Aes128Cbc | Cipher::Aes128Gcm => &AES_128,
        Cipher::Aes192Cbc => &AES_192,
        Cipher::Aes256Cbc | Cipher::Aes256Gcm => &AES_256,
        Cipher::TripleDesCbc => return None,
    };
    UnboundCipherKey::new(algorithm, key).ok()
}

/// Galois counter mode without further authenticated data, NIST SP 800-38D.
pub(crate) struct Gcm {
    counter: StreamingEncryptingKey,
    hash: GHash,
    /// The begin of a block that is not whole yet.
    partial: Vec<u8>,
    length: u64,
    /// What the hash is covered with to become the tag.
    cover: [u8; BLOCK],
}

impl Gcm {
    fn new(cipher: Cipher, key: &[u8], nonce: &[u8]) -> Result<Self, Fault> {
        let unusable = || Fault::Structure("a key or a nonce of the wrong length");
        let counter = |start: [u8; BLOCK]| {
            let context = EncryptionContext::Iv128(FixedLength::from(start));
            let key = unbound(cipher, key)?;
            StreamingEncryptingKey::less_safe_ctr(key, context).ok()
        };
        let mut first = [0; BLOCK];
        first[..12].copy_from_slice(nonce.get(..12).ok_or_else(unusable)?);
        first[15] = 1;
        // The block of zeros encrypted is the key of the hash; counter 1 covers it; content starts
        // at counter 2.
        let mut zero = counter([0; BLOCK]).ok_or_else(unusable)?;
        let hash_key = keystream(&mut zero).ok_or_else(unusable)?;
        let mut counter = counter(first).ok_or_else(unusable)?;
        let cover = keystream(&mut counter).ok_or_else(unusable)?;
        let hash = GHash::new(&hash_key.into());
        Ok(Self { counter, hash, partial: Vec::new(), length: 0, cover })
    }

    fn encrypt(&mut self, plain: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
        let from = out.len();
        self.apply(plain, out)?;
        self.take_in(&out[from..]);
        Ok(())
    }

    fn decrypt(&mut self, encrypted: &[u8], plain: &mut Vec<u8>) -> Result<(), Fault> {
        self.take_in(encrypted);
        self.apply(encrypted, plain)
    }

    /// Counter mode is its own inverse.
    fn apply(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
        let too_large = Fault::TooLarge { what: "content of one key", limit: LONGEST_GCM };
        self.length += piece.len() as u64;
        if self.length > LONGEST_GCM {
            return Err(too_large);
        }
        let from = out.len();
        out.resize(from + piece.len() + BLOCK, 0);
        let update = self.counter.update(piece, &mut out[from..]);
        let written = update.map_err(|_| Fault::Decryption)?.written().len();
        out.truncate(from + written);
        Ok(())
    }

    fn take_in(&mut self, mut encrypted: &[u8]) {
        if !self.partial.is_empty() {
            let taken = encrypted.len().min(BLOCK - self.partial.len());
            self.partial.extend_from_slice(&encrypted[..taken]);
            encrypted = &encrypted[taken..];
            if self.partial.len() < BLOCK {
                return;
            }
            self.hash.update_padded(&self.partial);
            self.partial.clear();
        }
        let (whole, rest) = encrypted.split_at(encrypted.len() / BLOCK * BLOCK);
        self.hash.update_padded(whole);
        self.partial.extend_from_slice(rest);
    }

    fn tag(mut self) -> [u8; BLOCK] {
        self.hash.update_padded(&self.partial);
        let lengths = u128::from(self.length) * 8;
        self.hash.update_padded(&lengths.to_be_bytes());
        let mut tag = self.cover;
        for (byte, hash) in tag.iter_mut().zip(self.hash.finalize()) {
            *byte ^= hash;
        }
        tag
    }
}

/// The next block of a counter.
fn keystream(counter: &mut StreamingEncryptingKey) -> Option<[u8; BLOCK]> {
    let mut out = [0; 2 * BLOCK];
    let update = counter.update(&[0; BLOCK], &mut out).ok()?;
    update.written().try_into().ok()
}

/// Triple DES in CBC mode.
pub(crate) struct TripleDes {
    cipher: cbc::Decryptor<TdesEde3>,
    /// Whole blocks are held back until more comes, because the last one holds the padding.
    held: Vec<u8>,
}

impl TripleDes {
    fn update(&mut self, piece: &[u8], plain: &mut Vec<u8>) {
        self.held.extend_from_slice(piece);
        let ready = self.held.len().saturating_sub(1) / DES_BLOCK * DES_BLOCK;
        for block in self.held[..ready].chunks_exact(DES_BLOCK) {
            plain.extend_from_slice(&decrypt_block(&mut self.cipher, block));
        }
        self.held.drain(..ready);
    }

    fn finish(mut self, plain: &mut Vec<u8>) -> Result<(), Fault> {
        if self.held.len() != DES_BLOCK {
            return Err(Fault::Decryption);
        }
        let last = decrypt_block(&mut self.cipher, &self.held);
        let padding = usize::from(last[DES_BLOCK - 1]);
        let is_padding = (1..=DES_BLOCK).contains(&padding)
            && last[DES_BLOCK - padding..].iter().all(|byte| usize::from(*byte) == padding);
        if !is_padding {
            return Err(Fault::Decryption);
        }
        plain.extend_from_slice(&last[..DES_BLOCK - padding]);
        Ok(())
    }
}

fn decrypt_block(cipher: &mut cbc::Decryptor<TdesEde3>, bytes: &[u8]) -> [u8; DES_BLOCK] {
    let mut block = Block::<cbc::Decryptor<TdesEde3>>::default();
    block.copy_from_slice(bytes);
    cipher.decrypt_block(&mut block);
    block.into()
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::aead;

    use super::*;

    fn key(cipher: Cipher) -> Vec<u8> {
        (0..cipher.key_length()).map(|at| at as u8 * 7 + 1).collect()
    }

    fn start(cipher: Cipher) -> Vec<u8> {
        vec![9; cipher.start_length()]
    }

    fn encrypt(cipher: Cipher, plain: &[u8], step: usize) -> (Vec<u8>, Option<[u8; BLOCK]>) {
        let mut encrypting =
            Encrypting::new(cipher, &key(cipher), &start(cipher)).expect("the lengths are right");
        let mut out = Vec::new();
        for piece in plain.chunks(step) {
            encrypting.update(piece, &mut out).expect("it encrypts");
        }
        let tag = encrypting.finish(&mut out).expect("it encrypts");
        (out, tag)
    }

    fn decrypt(
        cipher: Cipher,
        bytes: &[u8],
        tag: Option<[u8; BLOCK]>,
        step: usize,
    ) -> Result<Vec<u8>, Fault> {
        let mut decrypting = Decrypting::new(cipher, &key(cipher), &start(cipher))?;
        let mut plain = Vec::new();
        for piece in bytes.chunks(step) {
            decrypting.update(piece, &mut plain)?;
        }
        decrypting.finish(tag.as_ref().map_or(&[], |tag| &tag[..]), &mut plain)?;
        Ok(plain)
    }

    #[test]
    fn content_of_any_length_in_pieces_of_any_length_comes_back() {
        for cipher in Cipher::ALL.into_iter().filter(|it| *it != Cipher::TripleDesCbc) {
            for length in [0, 1, 15, 16, 17, 31, 32, 33, 100, 1000] {
                let plain: Vec<u8> = (0..length).map(|at| at as u8).collect();
                let (whole, whole_tag) = encrypt(cipher, &plain, 2000);
                for step in [1, 5, 16, 17, 64] {
                    let (out, tag) = encrypt(cipher, &plain, step);
                    assert_eq!((&out, tag), (&whole, whole_tag), "{cipher} {length} {step}");
                    assert_eq!(decrypt(cipher, &out, tag, step).as_ref(), Ok(&plain));
                }
            }
        }
    }

    #[test]
    fn galois_counter_mode_is_that_of_aws_lc() {
        let cases =
            [(Cipher::Aes128Gcm, &aead::AES_128_GCM), (Cipher::Aes256Gcm, &aead::AES_256_GCM)];
        for (cipher, algorithm) in cases {
            for length in [0, 1, 16, 45, 4096, 100_001] {
                let plain = vec![3; length];
                let unbound = aead::UnboundKey::new(algorithm, &key(cipher)).expect("a key");
                let nonce = aead::Nonce::assume_unique_for_key([9; 12]);
                let mut expected = plain.clone();
                let tag = aead::LessSafeKey::new(unbound)
                    .seal_in_place_separate_tag(nonce, aead::Aad::empty(), &mut expected)
                    .expect("it seals");
                let (out, our_tag) = encrypt(cipher, &plain, 1000);
                assert_eq!(out, expected, "{cipher} {length}");
                assert_eq!(our_tag.as_ref().map(|it| &it[..]), Some(tag.as_ref()));
            }
        }
    }

    #[test]
    fn triple_des_is_decrypted_in_pieces_of_any_length() {
        use cbc::cipher::BlockModeEncrypt;
        for length in 0_usize..50 {
            let plain: Vec<u8> = (0..length).map(|at| at as u8).collect();
            let padding = 8 - length % 8;
            let mut padded = [plain.clone(), vec![padding as u8; padding]].concat();
            let (key, start) = (key(Cipher::TripleDesCbc), start(Cipher::TripleDesCbc));
            let mut cipher = cbc::Encryptor::<TdesEde3>::new_from_slices(&key, &start)
                .expect("the lengths are right");
            for bytes in padded.chunks_exact_mut(8) {
                let mut block = Block::<cbc::Encryptor<TdesEde3>>::default();
                block.copy_from_slice(bytes);
                cipher.encrypt_block(&mut block);
                bytes.copy_from_slice(&block);
            }
            for step in [1, 3, 8, 9, 100] {
                let found = decrypt(Cipher::TripleDesCbc, &padded, None, step);
                assert_eq!(found.as_ref(), Ok(&plain), "{length} {step}");
            }
            padded.pop();
            assert_eq!(decrypt(Cipher::TripleDesCbc, &padded, None, 9), Err(Fault::Decryption));
        }
    }

    #[test]
    fn a_changed_bit_is_noticed_in_galois_counter_mode() {
        let (out, tag) = encrypt(Cipher::Aes256Gcm, &[7; 50], 50);
        let tag = tag.expect("this mode has a tag");
        for at in 0..out.len() * 8 {
            let mut changed = out.clone();
            changed[at / 8] ^= 1 << (at % 8);
            assert_eq!(decrypt(Cipher::Aes256Gcm, &changed, Some(tag), 9), Err(Fault::Decryption));
        }
        for at in 0..tag.len() * 8 {
            let mut changed = tag;
            changed[at / 8] ^= 1 << (at % 8);
            assert_eq!(decrypt(Cipher::Aes256Gcm, &out, Some(changed), 9), Err(Fault::Decryption));
        }
        assert_eq!(decrypt(Cipher::Aes256Gcm, &out[1..], Some(tag), 9), Err(Fault::Decryption));
    }

    #[test]
    fn content_that_is_no_whole_block_is_refused() {
        for cipher in [Cipher::Aes128Cbc, Cipher::TripleDesCbc] {
            for length in [0, 1, 7, 15, 17] {
                let decrypted = decrypt(cipher, &vec![5; length], None, 4);
                assert_eq!(decrypted, Err(Fault::Decryption), "{cipher} {length}");
            }
        }
    }
}
