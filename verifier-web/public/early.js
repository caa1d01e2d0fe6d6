// Runs before the first paint, so that a person who chose dark or large type never sees the other one flash by.
(function () {
  var root = document.documentElement;
  try {
    var theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    if (localStorage.getItem("type") === "large") root.dataset.type = "large";
    if (localStorage.getItem("language") === "en") root.lang = "en";
  } catch {
    // Storage is closed to us (a private window): the page simply starts with its defaults.
    root.dataset.storage = "none";
  }
})();
