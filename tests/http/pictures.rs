use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgba, RgbaImage};
use reqwest::{Method, header};

use crate::support::{Page, TestSite, Visitor, raw, visitor::FormBody};

const SAVE: &str = "/api/members/save_picture?form_page=/members/profile%23picture_errors";
const MAX_PICTURE_BYTES: usize = 2 * 1024 * 1024;

/// Red on the left, blue on the right.
fn picture(width: u32, height: u32) -> DynamicImage {
    let colour = |x| if x < width / 2 { Rgba([255, 0, 0, 255]) } else { Rgba([0, 0, 255, 255]) };
    DynamicImage::ImageRgba8(RgbaImage::from_fn(width, height, |x, _| colour(x)))
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.to_rgb8().write_to(&mut file, format).expect("encoded");
    file.into_inner()
}

pub fn png() -> Vec<u8> {
    encoded(&picture(300, 200), ImageFormat::Png)
}

/// The body that a browser sends for the form.
fn form(name: &str, file: &[u8]) -> Vec<u8> {
    let head = format!(
        "--frame\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"me.txt\"\r\nContent-Type: text/plain\r\n\r\n"
    );
    [head.as_bytes(), file, b"\r\n--frame--\r\n"].concat()
}

async fn post(visitor: &mut Visitor, body: Vec<u8>) -> Page {
    let request = visitor
        .request(Method::POST, SAVE)
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=frame")
        .body(body);
    visitor.send(request).await
}

pub async fn upload(visitor: &mut Visitor, file: &[u8]) -> Page {
    post(visitor, form("picture", file)).await
}

/// Uploads a file that is refused, and returns the error at the field.
async fn refused(visitor: &mut Visitor, file: &[u8]) -> String {
    let answer = upload(visitor, file).await;
    assert_eq!(
        (answer.status, answer.location(), answer.body.len()),
        (303, "/members/profile#picture_errors", 0)
    );
    let page = visitor.get("/members/profile").await;
    assert_eq!(page.find("title"), "Error: Profile · Members Area");
    // What the address names is focused, if it can be.
    assert_eq!(page.attribute("#picture_errors", "tabindex").as_deref(), Some("-1"));
    assert_eq!(page.find_all("#picture_errors .error"), ["There is a problem with 1 field:"]);
    assert_eq!(page.find("#picture_errors a"), "New picture");
    assert_eq!(page.attribute("#picture_errors a", "href").as_deref(), Some("#id_picture"));
    assert_eq!(page.attribute("[name=picture]", "aria-invalid").as_deref(), Some("true"));
    let errors = page.errors("picture");
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(visitor.get("/members/profile").await.errors("picture").is_empty(), "once");
    errors.into_iter().next().unwrap_or_default()
}

/// The address of the member's picture on the page.
fn address(page: &Page) -> Option<String> {
    page.attribute("main img.portrait", "src")
}

#[tokio::test]
async fn each_format_is_accepted_and_shown_at_the_next_request() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    assert_eq!(address(&member.get("/members/dashboard").await), None);
    let form = member.get("/members/profile").await;
    let attribute = |name| form.attribute("form:has([name=picture])", name);
    assert_eq!(attribute("action").as_deref(), Some(SAVE));
    assert_eq!(attribute("enctype").as_deref(), Some("multipart/form-data"));
    let mut addresses = Vec::new();
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
        let answer = upload(&mut member, &encoded(&picture(300, 200), format)).await;
        assert_eq!((answer.status, answer.location()), (303, "/members/profile"), "{format:?}");
        let dashboard = member.get("/members/dashboard").await;
        let small = address(&dashboard).expect("a picture");
        assert_eq!(dashboard.messages(), ["Your picture was saved."]);
        assert_eq!(dashboard.attribute("img.portrait", "alt").as_deref(), Some("Your picture"));
        let profile = member.get("/members/profile").await;
        let large = address(&profile).expect("a picture");
        for (address, side) in [(&small, 64), (&large, 200)] {
            let answer = member.get(address).await;
            assert_eq!(answer.status, 200, "{address}");
            let kind = answer.header("content-type");
            assert!(["image/webp", "image/jpeg"].contains(&kind), "{kind}");
            let shown = image::load_from_memory(&answer.body).expect("a picture").into_rgba8();
            assert_eq!(shown.dimensions(), (side, side));
            assert!(shown.get_pixel(3, 3).0[0] > 200 && shown.get_pixel(side - 4, 3).0[2] > 200);
        }
        addresses.push(small);
    }
    addresses.dedup();
    assert_eq!(addresses.len(), 3, "a new picture has a new address");
    site.stop().await;
}

#[tokio::test]
async fn only_the_members_browser_may_cache_it_under_its_own_url() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    upload(&mut member, &png()).await;
    let address = address(&member.get("/members/dashboard").await).expect("a picture");
    let answer = member.get(&address).await;
    assert_eq!(answer.header("cache-control"), "private, max-age=31536000, immutable");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert!(answer.header("content-security-policy").contains("default-src 'none'"));
    assert!(answer.headers.get("set-cookie").is_none());
    let unversioned = address.split('?').next().expect("a path").to_owned();
    for other in [unversioned.clone(), format!("{unversioned}?v=1"), format!("{address}&x")] {
        let answer = member.get(&other).await;
        assert_eq!((answer.status, answer.header("cache-control")), (200, "private, no-store"), "{other}");
    }
    assert_eq!(member.get("/members/picture/huge").await.status, 404);
    assert!(
        member.get("/members/dashboard").await.header("content-security-policy").contains("img-src 'self'")
    );
    site.stop().await;
}

#[tokio::test]
async fn members_see_only_their_own_picture() {
    let site = TestSite::start().await;
    let (mut ada, mut bob) = (site.member("ada").await, site.member("bob").await);
    upload(&mut ada, &png()).await;
    let address = address(&ada.get("/members/dashboard").await).expect("a picture");
    assert_eq!(bob.get(&address).await.status, 404, "whoever asks asks for their own");
    let stranger = site.visitor().get(&address).await;
    assert_eq!((stranger.status, stranger.body.len()), (303, 0));
    assert!(stranger.location().starts_with("/accounts/login?next="), "{}", stranger.location());
    let mut visitor = site.visitor();
    let answer = upload(&mut visitor, &png()).await;
    assert_eq!((answer.status, answer.body.len()), (303, 0));
    assert!(answer.location().starts_with("/accounts/login"), "{}", answer.location());
    assert_eq!(visitor.call("/api/members/remove_picture", &[]).await.status, 401);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM pictures").await, 1);
    site.stop().await;
}

#[tokio::test]
async fn another_site_cannot_change_it() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    let request = member
        .request(Method::POST, SAVE)
        .headers(header::HeaderMap::from_iter([(
            header::HeaderName::from_static("sec-fetch-site"),
            header::HeaderValue::from_static("cross-site"),
        )]))
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=frame")
        .body(form("picture", &png()));
    assert_eq!(member.send(request).await.status, 403);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM pictures").await, 0);
    site.stop().await;
}

#[tokio::test]
async fn files_that_are_not_pictures_are_refused_whatever_their_type() {
    const UNREADABLE: &str = "This file cannot be read as a picture. Please choose a PNG, JPEG or WebP file.";
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    upload(&mut member, &png()).await;
    let before = address(&member.get("/members/dashboard").await);
    let half = |format| {
        let whole = encoded(&picture(300, 200), format);
        whole[..whole.len() / 2].to_vec()
    };
    for file in [
        b"just a text".to_vec(),
        b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>".to_vec(),
        b"<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"/>".to_vec(),
        b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00;".to_vec(),
        b"\x89PNG\r\n\x1a\n".to_vec(),
        half(ImageFormat::Png),
        half(ImageFormat::Jpeg),
        half(ImageFormat::WebP),
    ] {
        let shown = file[..file.len().min(12)].escape_ascii().to_string();
        assert_eq!(refused(&mut member, &file).await, UNREADABLE, "{shown}");
    }
    assert_eq!(refused(&mut member, b"").await, "Choose a picture first.");
    let after = member.get("/members/dashboard").await;
    assert_eq!(address(&after), before, "the old one stays");
    assert_eq!(site.database.number("SELECT COUNT(*) FROM activity WHERE kind = 'picture_changed'").await, 1);
    site.stop().await;
}

/// PNGs that claim a size without having the data.
#[tokio::test]
async fn a_decompression_bomb_fails_fast() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    for (width, height, most) in
        [(65_535, 65_535, 8192), (8193, 1, 8192), (1, 2_147_483_647, 8192), (8000, 8000, 5000)]
    {
        let begun = std::time::Instant::now();
        let sentence = refused(&mut member, &bomb(width, height)).await;
        assert_eq!(
            sentence,
            format!("This picture is too large. It may be at most {most} pixels wide and high."),
            "{width}x{height}"
        );
        // Decoding it would take minutes in a debug build.
        assert!(
            begun.elapsed() < std::time::Duration::from_secs(10),
            "{width}x{height}: {:?}",
            begun.elapsed()
        );
    }
    site.stop().await;
}

fn bomb(width: u32, height: u32) -> Vec<u8> {
    fn crc(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0_u32, |crc, byte| {
            (0..8).fold(
                crc ^ u32::from(*byte),
                |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 },
            )
        })
    }
    fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
        let named = [kind, data].concat();
        let length = u32::try_from(data.len()).expect("short").to_be_bytes();
        [&length[..], &named, &crc(&named).to_be_bytes()].concat()
    }
    let head = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 6, 0, 0, 0]].concat();
    // zlib: one stored block without data.
    let data = [0x78, 0x01, 0x01, 0, 0, 0xFF, 0xFF, 0, 0, 0, 1];
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &head), chunk(b"IDAT", &data), chunk(b"IEND", b"")]
        .concat()
}

#[tokio::test]
async fn uploads_are_limited_to_two_mebibytes() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    let mut file = png();
    file.resize(MAX_PICTURE_BYTES, 0);
    assert_eq!(upload(&mut member, &file).await.location(), "/members/profile");
    assert_eq!(member.get("/members/profile").await.messages(), ["Your picture was saved."]);
    const TOO_LARGE: &str = "This file is too large. A picture may have at most 2 MiB.";
    for length in [MAX_PICTURE_BYTES + 1, MAX_PICTURE_BYTES + 100_000, 20 * 1024 * 1024] {
        file.resize(length, 0);
        assert_eq!(refused(&mut member, &file).await, TOO_LARGE, "{length}");
    }
    // Every other form keeps its own limit.
    let request = member
        .request(Method::POST, "/api/members/save_profile")
        .form_body(&[("username", &"x".repeat(100_000))]);
    assert_eq!(member.send(request).await.status, 413);
    let other = form("picture", &vec![0; 100_000]);
    let request = member
        .request(Method::POST, "/api/members/remove_picture")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=frame")
        .body(other);
    assert_eq!(member.send(request).await.status, 413);
    site.stop().await;
}

/// A browser sends the whole request before it reads the answer; if the connection were closed
/// early, it would show an error of its own.
#[tokio::test]
async fn a_far_too_large_upload_still_gets_a_readable_error() {
    let site = TestSite::start().await;
    let member = site.member("ada").await;
    let body = String::from_utf8(form("picture", &vec![b'x'; 30 * 1024 * 1024])).expect("ASCII");
    let request = format!(
        "POST {SAVE} HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nSec-Fetch-Site: same-origin\r\n\
         Cookie: sessionid={}\r\nContent-Type: multipart/form-data; boundary=frame\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        member.session().expect("a session"),
        body.len()
    );
    let answer = raw(&site, &request).await;
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    assert!(answer.contains("location: /members/profile#picture_errors"), "{answer}");
    site.stop().await;
}

#[tokio::test]
async fn a_malformed_form_is_a_readable_error() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    let twice = {
        let one = form("picture", &png());
        [&one[..one.len() - "--frame--\r\n".len()], &one].concat()
    };
    for (kind, body, status) in [
        ("multipart/form-data; boundary=frame", twice, 400),
        ("multipart/form-data; boundary=frame", b"--frame\r\nno head".to_vec(), 400),
        ("multipart/form-data", form("picture", &png()), 400),
        ("application/x-www-form-urlencoded", b"picture=x".to_vec(), 400),
        ("application/json", b"{}".to_vec(), 400),
        ("multipart/form-data; boundary=frame", form("other", &png()), 303),
    ] {
        let request = member.request(Method::POST, SAVE).header(header::CONTENT_TYPE, kind).body(body);
        let answer = member.send(request).await;
        assert_eq!(answer.status, status, "{kind}: {}", answer.text());
        if status == 400 {
            assert_eq!(answer.find("main h1"), "That did not work");
        }
    }
    assert_eq!(member.get("/members/profile").await.errors("picture"), ["Choose a picture first."]);
    assert_eq!(member.get(SAVE).await.status, 405);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM pictures").await, 0);
    site.stop().await;
}

#[tokio::test]
async fn a_script_gets_data_and_no_page() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    for (file, answer) in
        [(png(), "\"Accepted\""), (b"text".to_vec(), "{\"Refused\":[[\"picture\",\"PictureUnreadable\"]]}")]
    {
        let request = member
            .request(Method::POST, SAVE)
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=frame")
            .body(form("picture", &file))
            .wanting("application/json");
        let page = member.send(request).await;
        assert_eq!((page.status, page.text().as_str()), (200, answer));
    }
    site.stop().await;
}

/// A JPEG as from a phone: taken with the camera turned, with its location.
fn photograph(orientation: u8) -> (Vec<u8>, Vec<&'static [u8]>) {
    let place: &[u8] = b"\x00\x00\x00\x33\x00\x00\x00\x01\x00\x00\x00\x1E\x00\x00\x00\x01";
    let maker: &[u8] = b"Canary Camera Works\0";
    // TIFF, big endian: orientation, maker, and a directory with the latitude.
    let mut exif = b"Exif\0\0MM\0\x2A\0\0\0\x08\0\x03".to_vec();
    exif.extend(
        [&b"\x01\x0F\0\x02\0\0\0\x14\0\0\0\x32"[..], b"\x01\x12\0\x03\0\0\0\x01\0", &[orientation], b"\0\0"]
            .concat(),
    );
    exif.extend(b"\x88\x25\0\x04\0\0\0\x01\0\0\0\x46\0\0\0\0");
    exif.extend(maker);
    exif.extend(b"\0\x01\0\x02\0\x05\0\0\0\x02\0\0\0\x58\0\0\0\0");
    exif.extend(place);
    let plain = encoded(&picture(200, 200), ImageFormat::Jpeg);
    let length = u16::try_from(exif.len() + 2).expect("short").to_be_bytes();
    let comment = b"\xFF\xFE\x00\x10Canary comment";
    let file = [&plain[..2], b"\xFF\xE1", &length, &exif, comment, &plain[2..]].concat();
    (file, vec![b"Exif", place, maker, b"Canary"])
}

#[tokio::test]
async fn metadata_is_removed_and_orientation_applied() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    let holds = |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    // Where the red side ends up: unchanged, rotated by a half turn, by a quarter turn each way.
    for (orientation, red) in [(1, (5, 100)), (3, (194, 100)), (6, (100, 5)), (8, (100, 194))] {
        let (file, private) = photograph(orientation);
        assert!(private.iter().all(|part| holds(&file, part)));
        upload(&mut member, &file).await;
        for size in ["large", "small"] {
            let shown = member.get(&format!("/members/picture/{size}")).await;
            assert_eq!(shown.status, 200);
            for part in &private {
                assert!(!holds(&shown.body, part), "{} in {size}", part.escape_ascii());
            }
            if size == "large" {
                let image = image::load_from_memory(&shown.body).expect("a picture").into_rgb8();
                let [r, _, b] = image.get_pixel(red.0, red.1).0;
                assert!(r > 200 && b < 60, "orientation {orientation}");
            }
        }
    }
    site.stop().await;
}

#[tokio::test]
async fn it_can_be_removed() {
    let site = TestSite::start().await;
    let mut member = site.member("ada").await;
    let buttons = member.get("/members/profile").await.find_all("main button");
    assert!(!buttons.contains(&"Remove the picture".to_owned()), "nothing to remove yet: {buttons:?}");
    upload(&mut member, &png()).await;
    let first = address(&member.get("/members/dashboard").await).expect("a picture");
    assert!(
        member
            .get("/members/profile")
            .await
            .find_all("main button")
            .contains(&"Remove the picture".to_owned())
    );
    let answer = member.post("/api/members/remove_picture", &[]).await;
    assert_eq!((answer.status, answer.location()), (303, "/members/profile"));
    let page = member.get("/members/profile").await;
    assert_eq!((page.messages(), address(&page)), (vec!["Your picture was removed.".to_owned()], None));
    assert_eq!(address(&member.get("/members/dashboard").await), None);
    assert_eq!(member.get(&first).await.status, 404);
    assert_eq!(site.database.number("SELECT COUNT(*) FROM pictures").await, 0);
    // Removing it twice is no error and is recorded once.
    assert_eq!(member.post("/api/members/remove_picture", &[]).await.status, 303);
    let written = "SELECT COUNT(*) FROM activity WHERE kind = 'picture_changed'";
    assert_eq!(site.database.number(written).await, 2);
    upload(&mut member, &png()).await;
    assert_ne!(
        address(&member.get("/members/dashboard").await),
        Some(first),
        "an old address never comes back"
    );
    site.stop().await;
}

#[tokio::test]
async fn concurrent_uploads_stay_intact() {
    let site = TestSite::start().await;
    let member = site.member("ada").await;
    let uploads: Vec<_> = (0..8)
        .map(|_| {
            let mut tab = member.clone();
            tokio::spawn(async move { upload(&mut tab, &png()).await.status })
        })
        .collect();
    for upload in uploads {
        assert_eq!(upload.await.expect("no panic"), 303);
    }
    assert_eq!(site.database.number("SELECT COUNT(*) FROM pictures").await, 1);
    site.stop().await;
}
