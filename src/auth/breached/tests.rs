use std::io::BufReader;

use sha1::Sha1;
use tempfile::TempDir;

use super::super::{file::FilterFile, hash::Hash};
use super::*;

fn hash(password: impl std::fmt::Display) -> Hash {
    Sha1::digest(password.to_string()).into()
}

fn line(password: impl std::fmt::Display, count: u64) -> String {
    let digits: String = hash(password).iter().map(|byte| format!("{byte:02X}")).collect();
    format!("{digits}:{count}\r\n")
}

fn built(folder: &TempDir, list: &str, at_least: u64) -> Result<Built, String> {
    build(list.as_bytes(), &folder.path().join("list"), at_least, |_| {}).map_err(|error| error.to_string())
}

fn opened(folder: &TempDir) -> Result<FilterFile, String> {
    let file = FilterFile::open(&folder.path().join("list")).map_err(|error| error.to_string())?;
    file.verify().map_err(|error| error.to_string())?;
    Ok(file)
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn has(file: &FilterFile, password: impl std::fmt::Display) -> bool {
    file.has(&hash(password)).expect("read")
}

#[test]
fn every_listed_password_is_found_and_hardly_any_other() {
    let folder = folder();
    let list: String = (0..10_000).map(|number| line(number, 1)).collect();
    let made = built(&folder, &list, 1).expect("built");
    let bytes = std::fs::metadata(folder.path().join("list")).expect("a file").len();
    assert_eq!(made, Built { lines: 10_000, passwords: 10_000, bytes });
    let file = opened(&folder).expect("whole");
    assert!((0..10_000).all(|number| has(&file, number)));
    let wrong = (10_000..1_010_000).filter(|number| has(&file, number)).count();
    assert!(wrong <= 40, "{wrong}: about 15 are expected");
}

/// The time of a look-up is that of three small reads, so it does not grow with the list.
#[test]
fn a_look_up_reads_six_bytes_however_long_the_list_is() {
    /// How many bytes this thread has read, and how many more it has when it knows.
    fn have_read() -> (u64, u64) {
        let io = std::fs::read_to_string("/proc/thread-self/io").expect("Linux");
        let count = io.lines().find_map(|line| line.strip_prefix("rchar: ")).expect("a count");
        (count.parse().expect("a number"), io.len() as u64)
    }
    for length in [2_000, 50_000] {
        let folder = folder();
        let list: String = (0..length).map(|number| line(number, 1)).collect();
        built(&folder, &list, 1).expect("built");
        let file = opened(&folder).expect("whole");
        for number in [0, length - 1, length] {
            let hash = hash(number);
            let (before, by_itself) = have_read();
            let is_listed = file.has(&hash).expect("read");
            let (after, _) = have_read();
            assert_eq!((after - before - by_itself, is_listed), (6, number < length), "{number} of {length}");
        }
    }
}

#[test]
fn lists_of_every_small_length_are_found() {
    for length in 1..=60 {
        let folder = folder();
        // All in one filter, which is hardest to build when it is small.
        let keys = (0..length).map(|number| format!("{:016x}{:024x}:1\n", number * 7_919, 0));
        built(&folder, &keys.collect::<String>(), 1).expect("built");
        let file = opened(&folder).expect("whole");
        for number in 0..length {
            let mut hash = [0; 20];
            hash[..8].copy_from_slice(&(number * 7_919_u64).to_be_bytes());
            assert!(file.has(&hash).expect("read"), "{number} of {length}");
        }
    }
}

#[test]
fn order_case_line_ends_and_repetitions_do_not_matter_and_rare_ones_are_left_out() {
    let folder = folder();
    let (often, rare) = (line("often", 10), line("rare", 9));
    let list = format!("{}{rare}\n{often}{}", often.to_lowercase(), line("last", 4_000_000_000).trim_end());
    let refused = built(&folder, &list, 10).expect_err("an empty line");
    assert!(refused.contains("line 3 "), "{refused}");
    let made = built(&folder, &list.replace("\n\n", "\n"), 10).expect("built");
    assert_eq!((made.lines, made.passwords), (4, 2));
    let file = opened(&folder).expect("whole");
    assert!(has(&file, "often") && has(&file, "last") && !has(&file, "rare"));
}

#[test]
fn a_list_that_is_none_leaves_the_old_file() {
    let folder = folder();
    built(&folder, &line("before", 1), 1).expect("built");
    let good = line("after", 1);
    for (list, at_least, what) in [
        (String::new(), 1, "the list is empty"),
        (good.clone(), 2, "at least 2 times"),
        (format!("{good}{}", &good[..30]), 1, "line 2 "),
        (format!("{good}{}", &good[..40]), 1, "line 2 "),
        (format!("{good}{}\n", &good[..41]), 1, "line 2 "),
        (format!("{good}hello\n"), 1, "line 2 "),
        (format!("{}G{}", &good[..39], &good[40..]), 1, "line 1 "),
        (format!("{}:1\n", "0".repeat(32)), 1, "line 1 "),
        (good.replace(":1", ":+1"), 1, "line 1 "),
        ("x".repeat(10_000_000), 1, "line 1 "),
        (good.replace(":1", ":18446744073709551616"), 1, "line 1 "),
    ] {
        let error = built(&folder, &list, at_least).expect_err("refused");
        assert!(error.contains(what) && error.contains("nothing was written"), "{error}");
    }
    let file = opened(&folder).expect("whole");
    assert!(has(&file, "before") && !has(&file, "after"));
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing is left behind");
}

#[test]
fn no_other_file_is_replaced() {
    let folder = folder();
    std::fs::write(folder.path().join("list"), "a diary").expect("written");
    let error = built(&folder, &line("x", 1), 1).expect_err("refused");
    assert!(error.contains("choose another name"), "{error}");
    assert_eq!(std::fs::read(folder.path().join("list")).expect("read"), b"a diary");
}

#[test]
fn a_damaged_cut_foreign_or_newer_file_is_refused_in_one_sentence() {
    let folder = folder();
    let list: String = (0..3_000).map(|number| line(number, 1)).collect();
    built(&folder, &list, 1).expect("built");
    let path = folder.path().join("list");
    let whole = std::fs::read(&path).expect("read");
    let refused = |bytes: &[u8]| {
        std::fs::write(&path, bytes).expect("written");
        let error = opened(&folder).err().expect("refused");
        assert!(error.starts_with(&path.display().to_string()) && error.lines().count() == 1, "{error}");
        error
    };
    for at in [12, 30, 60, 5_000, HEADER_BYTES - 1, HEADER_BYTES, HEADER_BYTES + 999, whole.len() - 1] {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        assert!(refused(&damaged).contains("damaged or incomplete"), "{at}");
    }
    for size in [12, HEADER_BYTES - 1, HEADER_BYTES, whole.len() - 1] {
        assert!(refused(&whole[..size]).contains("damaged or incomplete"), "{size}");
    }
    assert!(refused(&[whole.as_slice(), b"x"].concat()).contains("damaged or incomplete"));
    for foreign in [b"".as_slice(), b"MAPW", list.as_bytes()] {
        assert!(refused(foreign).contains("is no file of"));
    }
    let mut newer = whole;
    newer[8] += 1;
    assert!(refused(&newer).contains("another version"));
    std::fs::remove_file(&path).expect("removed");
    assert!(opened(&folder).err().expect("missing").contains("passwords.breached"));
}

/// Memory stays flat: 50 million keys alone would take 400 MB. Takes minutes without optimisation.
#[test]
#[ignore = "long"]
fn a_long_list_takes_little_memory() {
    struct List(u64, Vec<u8>);
    impl Read for List {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.1.is_empty() && self.0 < 50_000_000 {
                self.0 += 1;
                let key = self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                self.1 = format!("{key:016X}{:024X}:1\n", 0).into_bytes();
            }
            let size = self.1.len().min(buffer.len());
            buffer[..size].copy_from_slice(&self.1[..size]);
            self.1.drain(..size);
            Ok(size)
        }
    }
    let peak = || {
        let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the peak").to_owned();
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number")
    };
    let (folder, before) = (folder(), peak());
    let list = BufReader::new(List(0, Vec::new()));
    let made = build(list, &folder.path().join("list"), 1, |_| {}).expect("built");
    let grown = peak() - before;
    assert!(grown < 64 * 1024, "{grown} kB");
    assert_eq!(made.passwords, 50_000_000);
    assert!(made.bytes * 8 / made.passwords < 20, "about 18 bits a password: {} bytes", made.bytes);
}
