// Bulk actions in lists: counts what is selected, selects the whole page, and offers the action only
// while something is selected. Without this, the server says that nothing was.
const rows = form => [...form.querySelectorAll(".choose input")];

function show() {
  for (const form of document.querySelectorAll("form:has(> .batch)")) {
    const all = rows(form), chosen = all.filter(row => row.checked).length;
    const whole = form.querySelector(".select-all input"), count = form.querySelector(".selected");
    whole.checked = chosen === all.length;
    whole.indeterminate = chosen > 0 && chosen < all.length;
    form.querySelector("[name=scope][value=chosen]").disabled = chosen === 0;
    const words = `${chosen} selected`;
    if (count.textContent !== words) count.textContent = words;
  }
}

// Where the app has failed, the browser alone handles the page.
if (document.documentElement.dataset.hydrated !== "failed") {
  document.documentElement.dataset.lists = "";
  // On the window and first, so that it still hears them if the app fails later.
  addEventListener("change", ({ target }) => {
    if (target.matches(".select-all input")) for (const row of rows(target.form)) row.checked = target.checked;
    show();
  }, true);
  addEventListener("pageshow", show);
  new MutationObserver(show).observe(document.body, { childList: true, subtree: true });
  show();
}
