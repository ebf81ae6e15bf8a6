import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { Overview } from "@/screens/overview/Overview";
import { Lost } from "@/shell/Lost";
import { Shell } from "@/shell/Shell";
import { parseSearch, printSearch, readSearch } from "./search";

const root = createRootRoute({ component: Shell, validateSearch: readSearch, notFoundComponent: Lost });

const overview = createRoute({ getParentRoute: () => root, path: "/", component: Overview });
const pools = createRoute({
  getParentRoute: () => root,
  path: "/pools",
  component: lazyRouteComponent(() => import("@/screens/pools/Pools"), "Pools"),
});
const pool = createRoute({
  getParentRoute: () => root,
  path: "/pools/$id",
  component: lazyRouteComponent(() => import("@/screens/pools/PoolDetail"), "PoolDetail"),
});
const workers = createRoute({
  getParentRoute: () => root,
  path: "/workers",
  component: lazyRouteComponent(() => import("@/screens/workers/Workers"), "Workers"),
});
const components = createRoute({
  getParentRoute: () => root,
  path: "/components",
  component: lazyRouteComponent(() => import("@/screens/components/Components"), "Components"),
});
const breakers = createRoute({
  getParentRoute: () => root,
  path: "/breakers",
  component: lazyRouteComponent(() => import("@/screens/breakers/Breakers"), "Breakers"),
});
const alerts = createRoute({
  getParentRoute: () => root,
  path: "/alerts",
  component: lazyRouteComponent(() => import("@/screens/alerts/Alerts"), "Alerts"),
});
const traces = createRoute({
  getParentRoute: () => root,
  path: "/traces",
  component: lazyRouteComponent(() => import("@/screens/traces/Traces"), "Traces"),
});
const exporters = createRoute({
  getParentRoute: () => root,
  path: "/exporters",
  component: lazyRouteComponent(() => import("@/screens/exporters/Exporters"), "Exporters"),
});
const settings = createRoute({
  getParentRoute: () => root,
  path: "/settings",
  component: lazyRouteComponent(() => import("@/screens/settings/Settings"), "Settings"),
});
const about = createRoute({
  getParentRoute: () => root,
  path: "/about",
  component: lazyRouteComponent(() => import("@/screens/about/About"), "About"),
});

export const router = createRouter({
  routeTree: root.addChildren([
    overview,
    pools,
    pool,
    workers,
    components,
    breakers,
    alerts,
    traces,
    exporters,
    settings,
    about,
  ]),
  // The server wrote the base under which the page stands.
  basepath: new URL(document.baseURI).pathname,
  parseSearch,
  stringifySearch: printSearch,
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
