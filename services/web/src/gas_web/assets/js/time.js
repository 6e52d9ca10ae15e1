// Times as their reader counts them: relative within a day, then local. The server writes UTC, which stands without
// script. data-time="full" is never relative, "clock" is the time of the day, with the day where that is not near; the
// full form with its zone is always in the title.

const DAY = 24 * 60 * 60;
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const plain = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", ...clock });
const time = new Intl.DateTimeFormat("en-GB", clock);
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", ...clock });
const exact = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "long" });

function words(when, style) {
  const ago = Math.round((Date.now() - when) / 1000);
  if (style === "clock") return (Math.abs(ago) < DAY ? time : day).format(when);
  if (style === "full" || Math.abs(ago) >= DAY) return plain.format(when);
  if (Math.abs(ago) < 60) return ago >= 0 ? "just now" : "in less than a minute";
  if (Math.abs(ago) < 60 * 60) return relative.format(-Math.trunc(ago / 60), "minute");
  return relative.format(-Math.trunc(ago / 3600), "hour");
}

function localise() {
  for (const element of document.querySelectorAll("time[data-time]")) {
    const when = new Date(element.dateTime);
    element.textContent = words(when, element.dataset.time);
    element.title = exact.format(when);
  }
}

localise();
// Swapped-in times are put right before they are painted.
document.addEventListener("htmx:afterSwap", localise);
document.addEventListener("gas:swapped", localise);
setInterval(localise, 60_000);
