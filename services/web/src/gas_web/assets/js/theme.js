// The reader's choice of theme. A classic script in the head, so that it holds before the first paint;
// without a choice the style sheet follows the system by itself.
"use strict";
(() => {
  const KEY = "gas-theme";

  // Storage may be closed to us (private windows, policy); then the choice lasts for this page only.
  function stored(action) {
    try {
      return action(localStorage) ?? "";
    } catch {
      return "";
    }
  }

  function apply(theme) {
    if (theme === "light" || theme === "dark") {
      document.documentElement.dataset.bsTheme = theme;
    } else {
      delete document.documentElement.dataset.bsTheme;
    }
  }

  const chosen = stored((storage) => storage.getItem(KEY));
  apply(chosen);

  document.addEventListener("DOMContentLoaded", () => {
    const choice = document.querySelector("[data-theme-choice]");
    const select = choice.querySelector("select");
    select.value = chosen;
    choice.hidden = false;
    select.addEventListener("change", () => {
      apply(select.value);
      stored((storage) => storage.setItem(KEY, select.value));
    });
  });
})();
