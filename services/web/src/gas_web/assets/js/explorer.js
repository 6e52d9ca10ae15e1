// What script adds to the table of variants: a variant opens in a drawer beside the table, values are suggested,
// and keys move about. Without it every one of these is a page, a field or a link.

const KEYS = "gas-explorer-keys";

// Storage may be closed to us (private windows, policy); then the choice lasts for this page only.
function stored(action) {
  try {
    return action(localStorage);
  } catch {
    return null;
  }
}

// The drawer ------------------------------------------------------------------------------------------------
async function piece(url, selector) {
  const response = await fetch(url, { headers: { Accept: "text/html" } });
  if (!response.ok || response.url !== url) throw new Error(`nothing at ${url}`);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  return page.querySelector(selector);
}

async function open(link) {
  let body;
  try {
    body = await piece(link.href, "[data-drawer-body]");
  } catch {
    location.assign(link.href);
    return;
  }
  const dialog = document.createElement("dialog");
  dialog.className = "drawer";
  dialog.setAttribute("aria-labelledby", "variant");
  const close = document.createElement("button");
  close.type = "button";
  close.className = "btn btn-quiet drawer-close";
  close.textContent = "Close";
  close.addEventListener("click", () => dialog.close());
  dialog.append(close, document.adoptNode(body));
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    link.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-drawer]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  open(link);
});

// A part of a variant's page that is asked for takes the place of the link to it ----------------------------
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-inside]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  try {
    const part = document.adoptNode(await piece(link.href, "[data-part]"));
    link.closest("[data-part]").replaceWith(part);
    part.querySelector("[tabindex='-1']").focus();
  } catch {
    location.assign(link.href);
  }
});

// Suggestions -----------------------------------------------------------------------------------------------
const form = document.querySelector("form[data-filter]");
if (form) {
  const { test, value } = form.elements;
  const suggest = () => {
    const list = document.getElementById(`values-${test.value.split(":")[0]}`);
    if (list) value.setAttribute("list", list.id);
    else value.removeAttribute("list");
  };
  // The lists of a large table come after the page.
  value.addEventListener("focus", suggest);
}

// An open menu closes when the reader goes on elsewhere, and at Escape.
const menus = document.querySelectorAll("details.menu");
document.addEventListener("click", (event) => {
  for (const menu of menus) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && event.target.closest("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
// A column was moved: the button that moved it may be wanted again.
const mover = document.querySelector("details.menu :target");
if (mover) {
  mover.closest("details.menu").open = true;
  mover.focus();
}

// Keys ------------------------------------------------------------------------------------------------------
const about = document.querySelector("[data-keys]");
const wanted = about?.querySelector("input");

function step(direction) {
  const links = [...document.querySelectorAll("a[data-drawer]")];
  const here = links.indexOf(document.activeElement);
  const next = here < 0 ? (direction > 0 ? 0 : links.length - 1) : here + direction;
  links[next]?.focus();
}

function press(event) {
  if (!wanted.checked || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, select, textarea, dialog")) return;
  if (event.key === "j" || event.key === "k") {
    step(event.key === "j" ? 1 : -1);
  } else {
    const place = [...document.querySelectorAll("[data-key]")].find(({ dataset }) => dataset.key === event.key);
    if (!place) return;
    if (place.localName === "a") place.click();
    else place.focus();
  }
  event.preventDefault();
}

if (about) {
  about.hidden = false;
  wanted.checked = stored((storage) => storage.getItem(KEYS)) !== "off";
  wanted.addEventListener("change", () => {
    stored((storage) => storage.setItem(KEYS, wanted.checked ? "on" : "off"));
  });
  document.addEventListener("keydown", press);
}
