//! Turns an upload into two small squares. The result has been decoded and encoded again, so it
//! contains no metadata (phones record where a picture was taken) and nothing hidden behind the
//! pixels.

use std::io::Cursor;

use image::{
    DynamicImage, GenericImageView, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, Rgba,
    RgbaImage,
    codecs::{jpeg::JpegEncoder, png::PngDecoder, webp::WebPEncoder},
    imageops::{self, FilterType},
    metadata::Orientation,
};
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

use super::Size;
use crate::shared::forms::Problem;

/// Largest width or height, in pixels.
const MAX_SIDE_PX: u32 = 8192;
/// Largest decoded picture, in bytes: 33 million pixels, or 25 million with transparency. Decoding
/// a progressive JPEG takes three times as much.
const MAX_DECODED_BYTES: u64 = 96 * 1024 * 1024;
/// Width and height in pixels that always fit into [`MAX_DECODED_BYTES`].
const SQUARE_THAT_FITS: u32 = 5000;

/// Largest uncompressed colour profile, in bytes. Those of cameras and monitors have a few
/// thousand.
const MAX_PROFILE_BYTES: usize = 1024 * 1024;
/// Memory for decompressing the head of a PNG, in bytes: more than a whole upload has.
const MAX_HEAD_BYTES: u64 = 4 * 1024 * 1024;

/// A picture in its two sizes, encoded.
#[derive(Debug)]
pub struct Rendered {
    /// [`Size::Large`]
    pub large: Vec<u8>,
    /// [`Size::Small`]
    pub small: Vec<u8>,
}

/// Decodes a picture, turns it upright, crops the square in the middle and encodes it. CPU-bound:
/// not for async threads.
///
/// # Errors
/// The [`Problem`] to show the member.
pub fn render(file: &[u8]) -> Result<Rendered, Problem> {
    let Decoded { image, orientation, colours } = decode(file)?;
    // The square can be turned and converted as well as the whole, with a thousandth of the work.
    let mut large = DynamicImage::ImageRgba8(square(image));
    large.apply_orientation(orientation);
    let large = large.into_rgba8();
    let small = large.width().min(Size::Small.side());
    let small = imageops::resize(&large, small, small, FilterType::CatmullRom);
    let encoded =
        |image| encode(in_srgb(straight(image), colours.as_ref())).map_err(|_| Problem::PictureUnreadable);
    Ok(Rendered { large: encoded(large)?, small: encoded(small)? })
}

/// Returns the content type of a picture that [`render`] encoded.
pub fn content_type(picture: &[u8]) -> &'static str {
    if picture.starts_with(b"RIFF") { "image/webp" } else { "image/jpeg" }
}

struct Decoded {
    image: DynamicImage,
    orientation: Orientation,
    colours: Option<ColorProfile>,
}

/// Detects the format by the content; neither the file's name nor the browser's content type
/// counts.
fn decode(file: &[u8]) -> Result<Decoded, Problem> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE_PX);
    limits.max_image_height = Some(MAX_SIDE_PX);
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    let format = image::guess_format(file).map_err(|_| Problem::PictureUnreadable)?;
    if format == ImageFormat::Jpeg && is_cut_off(file) {
        return Err(Problem::PictureUnreadable);
    }
    let mut decoder: Box<dyn ImageDecoder> = if format == ImageFormat::Png {
        // A PNG's colour profile is compressed, and decompressed with the head: the limit for the
        // picture would be far too high for it.
        let mut of_head = limits.clone();
        of_head.max_alloc = Some(MAX_HEAD_BYTES);
        let mut decoder = PngDecoder::with_limits(Cursor::new(file), of_head).map_err(problem)?;
        decoder.set_limits(limits).map_err(problem)?;
        Box::new(decoder)
    } else {
        let mut reader = ImageReader::with_format(Cursor::new(file), format);
        reader.limits(limits);
        Box::new(reader.into_decoder().map_err(problem)?)
    };
    // Known from the head of the file: a decompression bomb is rejected before it is decoded.
    if decoder.total_bytes() > MAX_DECODED_BYTES {
        return Err(Problem::PictureTooManyPixels { max: SQUARE_THAT_FITS });
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let colours = decoder.icc_profile().ok().flatten();
    // The decoder does not report a profile that it could not decompress within its limit.
    let is_missing = colours.is_none() && format == ImageFormat::Png && has_packed_profile(file);
    if is_missing || colours.as_ref().is_some_and(|profile| profile.len() > MAX_PROFILE_BYTES) {
        return Err(Problem::PictureUnreadable);
    }
    let colours = colours.and_then(|profile| ColorProfile::new_from_slice(&profile).ok());
    let image = DynamicImage::from_decoder(decoder).map_err(problem)?;
    Ok(Decoded { image, orientation, colours })
}

/// Returns whether a PNG has a colour profile, which comes before its pixels.
fn has_packed_profile(png: &[u8]) -> bool {
    const SIGNATURE: usize = 8;
    // Length, type and checksum of a chunk.
    const AROUND: usize = 12;
    let mut rest = png.get(SIGNATURE..).unwrap_or_default();
    while let [a, b, c, d, kind @ ..] = rest {
        match kind.get(..4) {
            Some(b"iCCP") => return true,
            Some(b"IDAT") | None => return false,
            Some(_) => {}
        }
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        rest = rest.get(length.saturating_add(AROUND)..).unwrap_or_default();
    }
    false
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
fn problem(error: ImageError) -> Problem {
    match error {
        ImageError::Limits(_) => Problem::PictureTooManyPixels { max: MAX_SIDE_PX },
        _ => Problem::PictureUnreadable,
    }
}

/// Returns whether a JPEG is truncated; the decoder would paint the missing part grey. A complete
/// one has an end marker after its pixels; that of the preview which cameras put into the head does
/// not count.
fn is_cut_off(jpeg: &[u8]) -> bool {
    const START_OF_SCAN: u8 = 0xDA;
    const END_OF_IMAGE: [u8; 2] = [0xFF, 0xD9];
    let mut rest = jpeg.get(2..).unwrap_or_default();
    while let [0xFF, marker, high, low, ..] = *rest {
        if marker == START_OF_SCAN {
            return !rest.windows(2).any(|mark| mark == END_OF_IMAGE);
        }
        // Any number of 0xFF may precede a marker.
        let length = if marker == 0xFF { 1 } else { 2 + usize::from(u16::from_be_bytes([high, low])) };
        rest = rest.get(length..).unwrap_or_default();
    }
    true
}

/// Returns the square in the middle, at most [`Size::Large`], with premultiplied alpha: otherwise
/// the colour of transparent pixels would bleed into visible ones.
fn square(image: DynamicImage) -> RgbaImage {
    const LARGE: u32 = Size::Large.side();
    let image =
        if image.has_alpha() { DynamicImage::ImageRgba8(multiplied(image.into_rgba8())) } else { image };
    let (width, height) = image.dimensions();
    let side = width.min(height);
    let middle = imageops::crop_imm(&image, (width - side) / 2, (height - side) / 2, side, side);
    // Large pictures are reduced in two steps: first with a fast filter, then with a good one.
    let near = if side > 4 * LARGE {
        imageops::thumbnail(&*middle, 2 * LARGE, 2 * LARGE)
    } else {
        middle.to_image()
    };
    let side = side.min(LARGE);
    imageops::resize(&near, side, side, FilterType::CatmullRom)
}

fn multiplied(mut image: RgbaImage) -> RgbaImage {
    for Rgba([red, green, blue, opacity]) in image.pixels_mut() {
        for colour in [red, green, blue] {
            *colour = (u16::from(*colour) * u16::from(*opacity) / 255) as u8;
        }
    }
    image
}

/// Undoes [`multiplied`].
fn straight(mut image: RgbaImage) -> RgbaImage {
    for Rgba([red, green, blue, opacity]) in image.pixels_mut() {
        for colour in [red, green, blue] {
            *colour = (u16::from(*colour) * 255 / u16::from(*opacity).max(1)).min(255) as u8;
        }
    }
    image
}

/// Converts from the picture's colour profile to sRGB: without its profile, a picture from a phone
/// would look pale.
fn in_srgb(image: RgbaImage, colours: Option<&ColorProfile>) -> RgbaImage {
    let converted = || {
        let colours = colours.filter(|profile| profile.color_space == DataColorSpace::Rgb)?;
        let (layout, srgb) = (Layout::Rgba, ColorProfile::new_srgb());
        let transform =
            colours.create_transform_8bit(layout, &srgb, layout, TransformOptions::default()).ok()?;
        let mut converted = RgbaImage::new(image.width(), image.height());
        transform.transform(image.as_raw(), &mut converted).ok()?;
        Some(converted)
    };
    converted().unwrap_or(image)
}

/// Encodes as lossless WebP, which is smaller for drawings, or as JPEG, which is smaller for
/// photographs but has no transparency.
fn encode(image: RgbaImage) -> Result<Vec<u8>, ImageError> {
    const QUALITY: u8 = 85;
    let (mut webp, mut jpeg) = (Vec::new(), Vec::new());
    if image.pixels().any(|pixel| pixel.0[3] < u8::MAX) {
        image.write_with_encoder(WebPEncoder::new_lossless(&mut webp))?;
        return Ok(webp);
    }
    let image = DynamicImage::ImageRgba8(image).into_rgb8();
    image.write_with_encoder(WebPEncoder::new_lossless(&mut webp))?;
    image.write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, QUALITY))?;
    Ok(if jpeg.len() < webp.len() { jpeg } else { webp })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The square in the middle is red on the left and blue on the right; both ends, which are
    /// cropped, are green.
    fn picture(width: u32, height: u32) -> RgbaImage {
        let side = width.min(height);
        let (left, top) = ((width - side) / 2, (height - side) / 2);
        RgbaImage::from_fn(width, height, |x, y| {
            if x < left || x >= left + side || y < top || y >= top + side {
                Rgba([0, 255, 0, 255])
            } else if x < width / 2 {
                Rgba([255, 0, 0, 255])
            } else {
                Rgba([0, 0, 255, 255])
            }
        })
    }

    fn file(image: RgbaImage, format: ImageFormat) -> Vec<u8> {
        let mut file = Cursor::new(Vec::new());
        DynamicImage::ImageRgba8(image).into_rgb8().write_to(&mut file, format).expect("encoded");
        file.into_inner()
    }

    fn shown(file: &[u8]) -> (RgbaImage, RgbaImage) {
        let Rendered { large, small } = render(file).unwrap_or_else(|problem| panic!("{problem}"));
        let decoded = |bytes: &[u8]| image::load_from_memory(bytes).expect("a picture").into_rgba8();
        (decoded(&large), decoded(&small))
    }

    fn is_near(found: &Rgba<u8>, wanted: [u8; 3]) -> bool {
        found.0.iter().zip(wanted).all(|(found, wanted)| found.abs_diff(wanted) < 32)
    }

    const RED: [u8; 3] = [255, 0, 0];
    const BLUE: [u8; 3] = [0, 0, 255];

    #[test]
    fn each_format_is_cropped_to_two_centred_squares() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
            for (width, height) in [(900, 400), (400, 900), (3000, 1500), (256, 256)] {
                let (large, small) = shown(&file(picture(width, height), format));
                assert_eq!((large.dimensions(), small.dimensions()), ((256, 256), (64, 64)));
                for image in [large, small] {
                    let (left, right) = (4, image.width() - 5);
                    for y in [4, image.height() - 5] {
                        assert!(is_near(image.get_pixel(left, y), RED), "{format:?} {width}x{height}");
                        assert!(is_near(image.get_pixel(right, y), BLUE), "{format:?} {width}x{height}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_small_picture_stays_small() {
        let (large, small) = shown(&file(picture(100, 40), ImageFormat::Png));
        assert_eq!((large.dimensions(), small.dimensions()), ((40, 40), (40, 40)));
        let (large, _) = shown(&file(picture(1, 1), ImageFormat::Png));
        assert_eq!(large.dimensions(), (1, 1));
    }

    #[test]
    fn transparency_stays_and_hidden_colours_stay_hidden() {
        // The transparent pixels are green.
        let logo = RgbaImage::from_fn(2000, 2000, |x, _| {
            if x < 1000 { Rgba([255, 0, 0, 255]) } else { Rgba([0, 255, 0, 0]) }
        });
        let mut file = Cursor::new(Vec::new());
        logo.write_to(&mut file, ImageFormat::Png).expect("encoded");
        let (large, small) = shown(&file.into_inner());
        for image in [large, small] {
            assert_eq!(image.get_pixel(image.width() - 1, 0).0[3], 0);
            assert!(image.pixels().all(|Rgba([_, green, _, opacity])| *opacity == 0 || *green < 8));
        }
    }

    #[test]
    fn colours_are_unchanged() {
        use image::ImageEncoder;
        let grey_green = RgbaImage::from_pixel(300, 300, Rgba([100, 200, 100, 255]));
        let with_profile = |profile: Vec<u8>| {
            let mut file = Vec::new();
            let mut encoder = image::codecs::png::PngEncoder::new(&mut file);
            encoder.set_icc_profile(profile).expect("PNG has profiles");
            grey_green.write_with_encoder(encoder).expect("encoded");
            shown(&file).0.get_pixel(100, 100).0
        };
        let p3 = ColorProfile::new_display_p3().encode().expect("encoded");
        // The same green, by the definitions of both colour spaces: less red, more green.
        let [red, green, blue, _] = with_profile(p3.clone());
        assert!(red < 70 && green > 200 && blue.abs_diff(90) < 12, "{red} {green} {blue}");
        // An invalid profile is treated as none.
        for broken in [b"no profile".to_vec(), p3[..p3.len() / 2].to_vec(), vec![0; 200]] {
            assert!(is_near(&Rgba(with_profile(broken)), [100, 200, 100]));
        }
    }

    /// A PNG's profile is compressed: 90 kB of it could take 90 MB.
    #[test]
    fn a_colour_profile_over_a_mebibyte_is_refused_even_compressed() {
        use image::ImageEncoder;
        let green = RgbaImage::from_pixel(10, 10, Rgba([100, 200, 100, 255]));
        let rendered = |bytes: usize, format: ImageFormat| {
            let (mut file, profile) = (Vec::new(), vec![0; bytes]);
            if format == ImageFormat::Png {
                let mut encoder = image::codecs::png::PngEncoder::new(&mut file);
                encoder.set_icc_profile(profile).expect("PNG has profiles");
                green.write_with_encoder(encoder).expect("encoded");
            } else {
                let mut encoder = JpegEncoder::new(&mut file);
                encoder.set_icc_profile(profile).expect("JPEG has profiles");
                DynamicImage::ImageRgba8(green.clone())
                    .into_rgb8()
                    .write_with_encoder(encoder)
                    .expect("encoded");
            }
            render(&file).map(|_| ())
        };
        for format in [ImageFormat::Png, ImageFormat::Jpeg] {
            assert_eq!(rendered(MAX_PROFILE_BYTES, format), Ok(()), "{format:?}");
            for bytes in [MAX_PROFILE_BYTES + 1, 5 * 1024 * 1024, 12 * 1024 * 1024] {
                let verdict = rendered(bytes, format);
                assert_eq!(verdict, Err(Problem::PictureUnreadable), "{format:?} {bytes}");
            }
        }
    }

    #[test]
    fn a_photograph_stays_small() {
        let photograph = RgbaImage::from_fn(600, 600, |x, y| {
            let wave = |by: f32| (127.0 + 127.0 * ((x as f32).sin() + (y as f32 / by).cos()) / 2.0) as u8;
            Rgba([wave(7.0), wave(11.0), wave(13.0), 255])
        });
        let Rendered { large, small } = render(&file(photograph, ImageFormat::Png)).expect("rendered");
        assert!(large.len() < 64 * 1024 && small.len() < 16 * 1024, "{} {}", large.len(), small.len());
        assert_eq!(content_type(&large), "image/jpeg");
        let drawn = render(&file(picture(256, 256), ImageFormat::Png)).expect("rendered");
        assert_eq!(content_type(&drawn.large), "image/webp");
    }

    #[test]
    fn a_truncated_file_is_refused() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
            let whole = file(picture(300, 200), format);
            assert!(render(&whole).is_ok());
            for length in [0, 1, 2, 3, 11, 20, 40, whole.len() / 2, whole.len() * 9 / 10] {
                let verdict = render(&whole[..length]).err();
                assert_eq!(verdict, Some(Problem::PictureUnreadable), "{format:?} {length}");
            }
        }
    }

    #[test]
    fn other_formats_are_refused() {
        for file in [
            &b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>"[..],
            b"GIF89a\x01\x00\x01\x00\x00\x00\x00;",
            b"BM",
            b"%PDF-1.7",
            b"\x89PNG\r\n\x1a\n",
            b"\xFF\xD8\xFF",
            b"\xFF\xD8\xFF\xFF\xFF\xFF\xFF\xDA\xFF\xD9",
            b"RIFF\xFF\xFF\xFF\xFFWEBPVP8 ",
        ] {
            assert_eq!(render(file).err(), Some(Problem::PictureUnreadable), "{}", file.escape_ascii());
        }
    }

    #[test]
    fn random_damage_never_panics() {
        let mut state = 1_u32;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as usize
        };
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
            let whole = file(picture(40, 30), format);
            for _ in 0..300 {
                let mut damaged = whole.clone();
                for _ in 0..3 {
                    let at = random() % damaged.len();
                    damaged[at] = random() as u8;
                }
                // Any verdict will do.
                let _ = render(&damaged);
            }
        }
    }
}
