// A page of another kind must not take the place of a part of this one: where the reader was signed out meanwhile, or
// results went to the archive, an answer leads elsewhere and lacks the part that was asked for.

export const holds = (xhr, id) => xhr.responseText.includes(`id="${id}"`);

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const asked = detail.requestConfig.elt;
  const wanted = asked.getAttribute("hx-select")?.slice(1) ?? asked.id;
  if (!holds(detail.xhr, wanted)) detail.shouldSwap = false;
});
