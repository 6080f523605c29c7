//! A response, and what a reader sees in it.

use reqwest::{Response, header::HeaderMap};
use scraper::{ElementRef, Html, Selector};

pub struct Page {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Page {
    pub async fn read(response: Response) -> reqwest::Result<Self> {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Self { status, headers, body: response.bytes().await?.to_vec() })
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().expect("ASCII")).unwrap_or_default()
    }

    /// The page cache's part: the first word of `X-Cache`.
    pub fn cache(&self) -> &str {
        self.header("x-cache").split(';').next().unwrap_or_default()
    }

    pub fn location(&self) -> &str {
        self.header("location")
    }

    pub fn request_id(&self) -> &str {
        self.header("x-request-id")
    }

    /// The text of the first matching element, with white space collapsed; empty if there is none.
    pub fn find(&self, selector: &str) -> String {
        self.find_all(selector).into_iter().next().unwrap_or_default()
    }

    pub fn find_all(&self, selector: &str) -> Vec<String> {
        let (html, selector) =
            (Html::parse_document(&self.text()), Selector::parse(selector).expect("a selector"));
        html.select(&selector).map(text_of).collect()
    }

    pub fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        let html = Html::parse_document(&self.text());
        let selector = Selector::parse(selector).expect("a selector");
        html.select(&selector).next().and_then(|element| element.attr(name).map(str::to_owned))
    }

    /// The attribute of all matching elements.
    pub fn attributes(&self, selector: &str, name: &str) -> Vec<String> {
        let html = Html::parse_document(&self.text());
        let selector = Selector::parse(selector).expect("a selector");
        html.select(&selector).filter_map(|element| element.attr(name)).map(str::to_owned).collect()
    }

    /// The action of the form in the page's content, and its hidden fields.
    pub fn form(&self) -> (String, Vec<(String, String)>) {
        let html = Html::parse_document(&self.text());
        let (form, hidden) = (
            Selector::parse("main form").expect("a selector"),
            Selector::parse("input[type=hidden]").expect("a selector"),
        );
        let form = html.select(&form).next().unwrap_or_else(|| panic!("a form in {}", self.text()));
        let attribute = |element: &ElementRef, name: &str| element.attr(name).unwrap_or_default().to_owned();
        let hidden = form
            .select(&hidden)
            .map(|input| (attribute(&input, "name"), attribute(&input, "value")))
            .collect();
        (attribute(&form, "action"), hidden)
    }

    /// The fields that a browser would send for the form with this action, unchanged.
    pub fn fields_of(&self, action: &str) -> Vec<(String, String)> {
        let html = Html::parse_document(&self.text());
        let form = Selector::parse(&format!("main form[action=\"{action}\"]")).expect("a selector");
        let inputs = Selector::parse("input[name], option[selected]").expect("a selector");
        let form =
            html.select(&form).next().unwrap_or_else(|| panic!("a form for {action} in {}", self.text()));
        form.select(&inputs)
            .filter(|input| input.attr("disabled").is_none())
            .filter(|input| input.attr("type") != Some("checkbox") || input.attr("checked").is_some())
            .map(|input| (input.attr("name").unwrap_or_default(), input.attr("value").unwrap_or_default()))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    /// The errors at a field, by its `aria-describedby`.
    pub fn errors(&self, field: &str) -> Vec<String> {
        let Some(ids) = self.attribute(&format!("[name={field}]"), "aria-describedby") else {
            return Vec::new();
        };
        ids.split(' ').flat_map(|id| self.find_all(&format!("#{id} .error"))).collect()
    }

    /// The errors of the form as a whole.
    pub fn form_errors(&self) -> Vec<String> {
        self.find_all(".form-errors .error")
    }

    pub fn messages(&self) -> Vec<String> {
        self.find_all(".messages .message")
    }
}

fn text_of(element: ElementRef<'_>) -> String {
    element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}
