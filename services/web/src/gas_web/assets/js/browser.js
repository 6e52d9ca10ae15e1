// The genome browser, in a page of its own: igv.js writes styles into the page, which ours do not allow.
import igv from "../vendor/igv/igv.esm.min.js";

const place = document.querySelector("[data-browser]");
const { reference, tracks, locus } = JSON.parse(place.dataset.browser);
// Neither a list of genomes nor settings in the address: what is drawn is this file, and nobody else is asked.
// A drawer has room for the place and the zoom.
const options = {
  loadDefaultGenomes: false,
  queryParametersSupported: false,
  showSVGButton: false,
  showCenterGuideButton: false,
  showCursorTrackingGuideButton: false,
  showSampleNameButton: false,
  showTrackLabelButton: false,
};

try {
  await igv.createBrowser(place, { ...options, reference, tracks, locus });
  place.dataset.state = "drawn";
} catch (error) {
  place.dataset.state = "failed";
  document.querySelector("[data-failed]").hidden = false;
  throw error;
}
