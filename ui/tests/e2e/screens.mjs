/** Every screen: its path, and words that stand on it once it shows data. */
export const SCREENS = [
  { name: "overview", path: "", title: "Overview" },
  { name: "pools", path: "pools", title: "Pools" },
  { name: "pool", path: "pools/checkout", title: "checkout" },
  { name: "workers", path: "workers", title: "Workers" },
  { name: "workers-grouped", path: "workers?group=app", title: "Workers" },
  { name: "worker", path: "workers?w=checkout-00100", title: "Workers" },
  { name: "components", path: "components", title: "Components" },
  { name: "breakers", path: "breakers", title: "Breakers" },
  { name: "breakers-timeline", path: "breakers?view=timeline", title: "Breakers" },
  { name: "alerts", path: "alerts", title: "Alerts" },
  { name: "alerts-resolved", path: "alerts?view=resolved", title: "Alerts" },
  { name: "traces", path: "traces", title: "Traces" },
  { name: "exporters", path: "exporters", title: "Exporters" },
  { name: "settings", path: "settings", title: "Settings" },
  { name: "about", path: "about", title: "About" },
];
