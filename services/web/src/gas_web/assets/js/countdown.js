// What is left of a window, counted by the server's clock: the page tells what time it was there, and only the
// time that passed since is measured here. So a wrong or corrected clock of the reader changes nothing.

const shown = { told: "", at: 0 };

// When the answer began to arrive, not when this module ran: a slow script must not add to what is left.
function arrived() {
  return performance.getEntriesByType("navigation")[0]?.responseStart ?? performance.now();
}

function left(element) {
  const { now } = element.dataset;
  if (now !== shown.told) Object.assign(shown, { told: now, at: shown.told ? performance.now() : arrived() });
  return Math.ceil((new Date(element.dateTime) - new Date(now) - (performance.now() - shown.at)) / 1000);
}

// The two largest units, as the server writes durations.
function words(seconds) {
  const parts = [
    [Math.floor(seconds / 86400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ];
  const first = parts.findIndex(([count]) => count);
  return parts.slice(first, first + 2).filter(([count]) => count).map(([count, unit]) => `${count} ${unit}`).join(" ");
}

// Not in a live region: a screen reader reads it where it stands, and is told of the last minute by the panel.
function show() {
  for (const element of document.querySelectorAll("time[data-countdown]")) {
    const seconds = left(element);
    const text = seconds > 0 ? ` (${words(seconds)} left)` : " (over by now)";
    if (element.textContent !== text) element.textContent = text;
    element.hidden = false;
  }
}

show();
setInterval(show, 1000);
document.addEventListener("htmx:afterSwap", show);
