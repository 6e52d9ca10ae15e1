// A costly step asks first. Its link leads to a page that asks; here the same question is shown in a dialog,
// with the focus on the safe answer. Whatever goes wrong, the link does what links do.

async function question(url) {
  const response = await fetch(url, { headers: { Accept: "text/html" } });
  if (!response.ok || response.url !== url) throw new Error(`no question at ${url}`);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  return page.querySelector("[data-confirm-body]");
}

async function confirm(link) {
  let body;
  try {
    body = await question(link.href);
  } catch {
    location.assign(link.href);
    return;
  }
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-labelledby", "confirm-title");
  dialog.append(document.adoptNode(body));
  document.body.append(dialog);
  const safe = dialog.querySelector("[data-safe]");
  safe.addEventListener("click", (event) => {
    event.preventDefault();
    dialog.close();
  });
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
  safe.focus();
}

// On the document, because the links come and go with the state of the job.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-confirm]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  confirm(link);
});
