//! A file kept and read back, whole and in parts, plain and encrypted.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod shelf;

use std::io::Write as _;

use archive::{Gunzip, KeyError, Keys, PIECE, ReadError, WriteError};
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use proptest::prelude::*;
use shelf::{Bench, KEY_A, KEY_B};

fn keys(text: &str) -> Keys {
    Keys::parse(text).unwrap()
}

/// Lines of different lengths, some far longer than a piece.
fn lines(count: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in 0..count {
        bytes.extend(format!("{line},").bytes());
        bytes.extend(std::iter::repeat_n(b'x', (line * 7919) % 300));
        if line % 5000 == 4999 {
            bytes.extend(std::iter::repeat_n(b'y', PIECE + 10));
        }
        bytes.push(b'\n');
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_bytes_in_any_parts_come_back(
        seed in proptest::collection::vec(any::<u8>(), 0..2000),
        repeat in 0_usize..600,
        cuts in proptest::collection::vec(0_usize..1_200_000, 0..8),
        encrypted in any::<bool>(),
    ) {
        let bytes: Vec<u8> = seed.iter().copied().cycle().take(seed.len() * repeat).collect();
        let keys = if encrypted { keys(KEY_A) } else { Keys::none() };
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
        places.sort_unstable();
        let mut parts = Vec::new();
        let mut from = 0;
        for place in places {
            parts.push(&bytes[from..place]);
            from = place;
        }
        parts.push(&bytes[from..]);
        let bench = Bench::new();
        let blob = bench.keep(&keys, &parts);
        prop_assert_eq!(blob.size, bytes.len() as u64);
        prop_assert_eq!(bench.read(&keys, &blob.hash).unwrap(), bytes);
    }

    #[test]
    fn any_part_is_read_alone(
        (start, end) in (0_u64..3_000_000, 0_u64..3_000_000),
        (first, last) in (0_u64..12_000, 0_u64..12_000),
    ) {
        let bytes = lines(10_000);
        let bench = Bench::new();
        let blob = bench.keep(&Keys::none(), &[&bytes]);
        prop_assert!(blob.chunks > 3);
        let reader = bench.open(&Keys::none(), &blob.hash).unwrap();
        let (start, end) = (start.min(end), start.max(end));
        let within = |place: u64| (place as usize).min(bytes.len());
        prop_assert_eq!(
            bench.runtime.block_on(reader.bytes(start..end)).unwrap(),
            &bytes[within(start)..within(end)]
        );
        let (first, last) = (first.min(last), first.max(last));
        let expected: Vec<u8> = bytes
            .split_inclusive(|byte| *byte == b'\n')
            .skip(first as usize)
            .take((last - first) as usize)
            .flatten()
            .copied()
            .collect();
        prop_assert_eq!(bench.runtime.block_on(reader.lines(first..last)).unwrap(), expected);
    }

    #[test]
    fn a_changed_bit_is_found(place in any::<prop::sample::Index>(), bit in 0_u8..8, encrypted in any::<bool>()) {
        let keys = if encrypted { keys(KEY_A) } else { Keys::none() };
        let bench = Bench::new();
        let blob = bench.keep(&keys, &[&lines(2000)]);
        {
            let mut kept = bench.memory.kept.lock().unwrap();
            let chunks = &mut kept.get_mut(&blob.hash).unwrap().1;
            let chunk = place.index(chunks.len());
            let byte = place.index(chunks[chunk].bytes.len());
            chunks[chunk].bytes[byte] ^= 1 << bit;
        }
        // A bit that no decoder looks at changes nothing; every other one is found.
        match bench.read(&keys, &blob.hash) {
            Err(ReadError::Damaged { .. }) => {}
            Ok(bytes) => prop_assert!(!encrypted && bytes == lines(2000)),
            Err(error) => prop_assert!(false, "{error}"),
        }
    }
}

#[test]
fn a_record_lies_in_one_piece() {
    let mut bytes = Vec::new();
    for line in 0..40_000 {
        bytes.extend(format!("{line},some text of a record\n").bytes());
    }
    let bench = Bench::new();
    let blob = bench.keep(&Keys::none(), &[&bytes]);
    let kept = bench.memory.kept.lock().unwrap();
    let mut at = 0;
    for chunk in &kept[&blob.hash].1 {
        assert_eq!(chunk.head.first_byte, at);
        at += u64::from(chunk.head.length);
        assert_eq!(bytes[at as usize - 1], b'\n');
        assert!(chunk.head.length as usize <= PIECE);
        assert!(chunk.bytes.len() < chunk.head.length as usize / 2);
    }
    assert_eq!(at, bytes.len() as u64);
}

#[test]
fn what_is_encrypted_shows_nothing_and_no_two_are_alike() {
    let bytes = lines(100);
    let one = Bench::new();
    let other = Bench::new();
    let blob = one.keep(&keys(KEY_A), &[&bytes]);
    other.keep(&keys(KEY_A), &[&bytes]);
    let kept = |bench: &Bench| bench.memory.kept.lock().unwrap()[&blob.hash].clone();
    assert_ne!(kept(&one).1[0].bytes, kept(&other).1[0].bytes);
    assert_ne!(kept(&one).0.sealed_key, kept(&other).0.sealed_key);
    assert_eq!(kept(&one).0.key.as_deref(), Some("a"));
    assert_eq!(kept(&one).0.codec, "deflate+aes-256-gcm");
}

#[test]
fn keys_are_changed_by_adding_one() {
    let bench = Bench::new();
    let old = bench.keep(&keys(KEY_A), &[b"before"]);
    let both = keys(&format!("# archive keys\n{KEY_A}\n\n{KEY_B}\n"));
    let new = bench.keep(&both, &[b"after"]);
    assert_eq!(new.key.as_deref(), Some("b"));
    assert_eq!(bench.read(&both, &old.hash).unwrap(), b"before");
    assert_eq!(bench.read(&both, &new.hash).unwrap(), b"after");
    let missing = bench.read(&keys(KEY_A), &new.hash).unwrap_err();
    assert!(
        matches!(&missing, ReadError::KeyMissing { name } if name == "b"),
        "{missing}"
    );
    let wrong = keys(&KEY_B.replace("b=ff", "b=00"));
    let error = bench.read(&wrong, &new.hash).unwrap_err();
    assert!(
        matches!(&error, ReadError::WrongKey { name } if name == "b"),
        "{error}"
    );
    assert!(error.to_string().contains("\"b\""));
    assert!(matches!(
        bench.read(&Keys::none(), &new.hash).unwrap_err(),
        ReadError::KeyMissing { .. }
    ));
}

#[test]
fn pieces_cannot_be_exchanged() {
    for text in ["", KEY_A] {
        let keys = keys(text);
        let bench = Bench::new();
        let blob = bench.keep(&keys, &[&lines(4000)]);
        let other = bench.keep(&keys, &[b"another file\n", &lines(4001)]);
        let pristine = bench.memory.kept.lock().unwrap().clone();
        let with = |change: &dyn Fn(&mut shelf::Kept)| {
            let mut kept = pristine.clone();
            change(&mut kept);
            *bench.memory.kept.lock().unwrap() = kept;
            bench.read(&keys, &blob.hash)
        };
        assert!(with(&|_| ()).is_ok());
        let cases = [
            with(&|kept| kept.get_mut(&blob.hash).unwrap().1.swap(0, 1)),
            with(&|kept| {
                let chunks = &mut kept.get_mut(&blob.hash).unwrap().1;
                let bytes = chunks[0].bytes.clone();
                chunks[1].bytes = bytes;
            }),
            with(&|kept| {
                let theirs = kept[&other.hash].1[1].clone();
                kept.get_mut(&blob.hash).unwrap().1[1] = theirs;
            }),
            with(&|kept| {
                kept.get_mut(&blob.hash).unwrap().1.pop();
            }),
            with(&|kept| {
                let entry = kept.get_mut(&blob.hash).unwrap();
                entry.1.pop();
                entry.0.chunks -= 1;
            }),
            // A whole other file in its place, sealed key and all.
            with(&|kept| {
                let mut theirs = kept[&other.hash].clone();
                theirs.0.hash.clone_from(&blob.hash);
                kept.insert(blob.hash.clone(), theirs);
            }),
        ];
        for (case, outcome) in cases.into_iter().enumerate() {
            assert!(outcome.is_err(), "{text} {case}");
        }
    }
}

#[test]
fn a_file_of_another_tenant_cannot_be_passed_off() {
    let keys = keys(KEY_A);
    let mut bench = Bench::new();
    let blob = bench.keep(&keys, &[b"theirs"]);
    bench.tenant = store::Tenant::new("T2");
    bench
        .memory
        .kept
        .lock()
        .unwrap()
        .get_mut(&blob.hash)
        .unwrap()
        .0
        .tenant = bench.tenant.clone();
    assert!(matches!(
        bench.read(&keys, &blob.hash),
        Err(ReadError::WrongKey { .. })
    ));
}

#[test]
fn a_file_beyond_the_limit_is_refused() {
    let bench = Bench::new();
    let mut writer = bench.writer(&Keys::none(), 10);
    bench.push_all(&mut writer, b"0123456789").unwrap();
    let error = bench.push_all(&mut writer, b"x").unwrap_err();
    assert!(matches!(error, WriteError::TooLarge { limit: 10 }));
}

#[test]
fn i04_a_gzip_bomb_is_refused_at_the_limit() {
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..200 {
        bomb.write_all(&vec![0; 1024 * 1024]).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    assert!(bomb.len() < 300_000);
    let bench = Bench::new();
    let mut writer = bench.writer(&Keys::none(), 20 * 1024 * 1024);
    let mut gunzip = Gunzip::new();
    let error = bench
        .runtime
        .block_on(gunzip.push(&bomb, &mut writer))
        .unwrap_err();
    assert!(matches!(error, WriteError::TooLarge { .. }), "{error}");
    // Much less than what it unpacks to was ever taken.
    assert!(writer.size() < 30 * 1024 * 1024);
}

#[test]
fn gzip_is_unpacked_as_it_comes() {
    let bytes = lines(3000);
    let mut packed = Vec::new();
    // Two members, as some senders make them.
    for half in bytes.chunks(bytes.len() / 2 + 1) {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(half).unwrap();
        packed.extend(encoder.finish().unwrap());
    }
    let take = |packed: &[u8]| {
        let bench = Bench::new();
        let upload = bench.runtime.block_on(async {
            let mut writer = bench.writer(&Keys::none(), u64::MAX);
            let mut gunzip = Gunzip::new();
            for part in packed.chunks(777) {
                gunzip.push(part, &mut writer).await?;
            }
            gunzip.finish(&mut writer).await?;
            writer.finish(Timestamp::UNIX_EPOCH, None).await
        })?;
        let blob = bench.seal(upload);
        Ok::<_, WriteError>(bench.read(&Keys::none(), &blob.hash).unwrap())
    };
    assert_eq!(take(&packed).unwrap(), bytes);
    assert!(matches!(
        take(&packed[..packed.len() - 20]),
        Err(WriteError::NotGzip)
    ));
    assert!(matches!(
        take(b"plain text, not gzip"),
        Err(WriteError::NotGzip)
    ));
}

#[test]
fn keys_that_cannot_be_used_are_told_without_showing_them() {
    let secret = "00112233445566778899aabbccddeeff";
    for (text, line) in [
        (format!("a={secret}"), 1),
        (format!("{KEY_A}\nb"), 2),
        (format!("a={}zz", "00".repeat(31)), 1),
        ("=".to_owned() + &"00".repeat(32), 1),
    ] {
        let error = Keys::parse(&text).unwrap_err();
        assert_eq!(error, KeyError::Unreadable { line }, "{text}");
        assert!(!error.to_string().contains(secret));
    }
    assert!(matches!(
        Keys::parse(&format!("{KEY_A}\n{KEY_A}")),
        Err(KeyError::TwiceNamed { .. })
    ));
    let shown = format!("{:?}", keys(KEY_A));
    assert!(shown.contains('a') && !shown.contains("0001"), "{shown}");
}
