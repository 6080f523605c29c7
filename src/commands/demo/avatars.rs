//! The pictures of demo members: a shape on a gradient, drawn here.

use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage};

/// How many there are.
pub const COUNT: usize = 24;

const SIDE: u32 = 256;
/// Two colours for each, from the top to the bottom.
const COLOURS: [([u8; 3], [u8; 3]); 8] = [
    ([251, 191, 36], [15, 118, 110]),
    ([96, 165, 250], [49, 46, 129]),
    ([244, 114, 182], [124, 45, 18]),
    ([52, 211, 153], [30, 64, 175]),
    ([253, 164, 175], [134, 25, 143]),
    ([190, 242, 100], [6, 95, 70]),
    ([254, 215, 170], [154, 52, 18]),
    ([165, 243, 252], [55, 48, 163]),
];

/// Draws the picture with this number, as a file that could have been uploaded.
pub fn avatar(number: usize) -> Vec<u8> {
    let (top, bottom) = COLOURS[number % COLOURS.len()];
    let image = RgbImage::from_fn(SIDE, SIDE, |x, y| {
        let mixed = |at: usize| (u32::from(top[at]) * (SIDE - y) + u32::from(bottom[at]) * y) / SIDE;
        let [red, green, blue] =
            [0, 1, 2].map(|at| if is_figure(number, x, y) { 255 - (255 - mixed(at)) / 4 } else { mixed(at) });
        Rgb([red, green, blue].map(|part| u8::try_from(part).unwrap_or(u8::MAX)))
    });
    let mut file = Cursor::new(Vec::new());
    // Writing to memory cannot fail.
    let _ = image.write_to(&mut file, ImageFormat::Png);
    file.into_inner()
}

/// Returns whether the pixel belongs to the figure: head and shoulders, of one of three builds.
fn is_figure(number: usize, x: u32, y: u32) -> bool {
    let (head, width) = [(44, 84), (52, 76), (38, 96)][number / COLOURS.len() % 3];
    let within = |(middle_x, middle_y): (i64, i64), (across, down): (i64, i64)| {
        let (x, y) = (i64::from(x) - middle_x, i64::from(y) - middle_y);
        x * x * down * down + y * y * across * across <= across * across * down * down
    };
    within((128, 104), (head, head + 6)) || within((128, 256), (width, 88))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_picture_is_another_one_and_always_the_same() {
        let all: std::collections::BTreeSet<Vec<u8>> = (0..COUNT).map(avatar).collect();
        assert_eq!(all.len(), COUNT);
        assert_eq!(avatar(3), avatar(3));
        assert!(all.iter().all(|file| file.starts_with(b"\x89PNG")));
    }
}
