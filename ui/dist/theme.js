// Runs before the first paint, so that no light page flashes up in the dark. A file, since the policy allows nothing inline.
(() => {
  let theme = "system";
  let density = "comfortable";
  try {
    const stored = JSON.parse(localStorage.getItem("otel-bridge.preferences") || "{}");
    theme = stored.theme || theme;
    density = stored.density || density;
  } catch {
    // A browser that keeps nothing gets the defaults.
  }
  const isDark = theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = isDark ? "dark" : "light";
  document.documentElement.dataset.density = density;
})();
