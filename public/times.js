// Shows times in the zone of this browser, and recent ones as "5 minutes ago". The pages are cached, and
// say the moment itself.
const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const date = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric" });
const hour = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const full = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "long" });
const ago = new Intl.RelativeTimeFormat("en");

function inWords(at, now) {
  const past = now - at;
  // A clock that is slightly behind the server's is no reason to speak of the future.
  if (past < -MINUTE || past >= 7 * DAY) return `${date.format(at)}, ${hour.format(at)}`;
  if (past < MINUTE) return "just now";
  if (past < HOUR) return ago.format(-Math.floor(past / MINUTE), "minute");
  if (past < DAY) return ago.format(-Math.floor(past / HOUR), "hour");
  return ago.format(-Math.floor(past / DAY), "day");
}

function show() {
  const now = Date.now();
  for (const time of document.querySelectorAll("time[datetime]:not([data-exact])")) {
    const [at, text] = [Date.parse(time.dateTime), time.firstChild];
    if (Number.isNaN(at) || !(text instanceof Text)) continue;
    const [words, title] = [inWords(at, now), full.format(at)];
    // The text stays the same node, which the app knows.
    if (text.data !== words) text.data = words;
    if (time.title !== title) time.title = title;
  }
}

export function start() {
  document.documentElement.dataset.times = "";
  show();
  // Before the browser paints what the app has put there.
  new MutationObserver(show).observe(document.body, { childList: true, subtree: true, attributeFilter: ["datetime"] });
  setInterval(show, MINUTE / 2);
}
