import {
  Activity,
  Bell,
  Boxes,
  Cpu,
  Info,
  Layers,
  LayoutDashboard,
  type LucideIcon,
  Send,
  Settings,
  Waypoints,
} from "lucide-react";
import type { World } from "@/live/world";
import type { Kind } from "@/parts/mark";
import { problemCount } from "@/rows/worker-rows";
import { compact } from "@/words/format";
import type { Key } from "@/words/translate";

export interface Badge {
  text: string;
  kind: Kind;
  /** What is counted. */
  title: Key;
}

export interface Place {
  to: string;
  title: Key;
  icon: LucideIcon;
  /** The second key after `g`. */
  letter?: string;
  badge?: (world: World) => Badge | null;
}

/** The screens, in their order. */
export const PLACES: readonly Place[] = [
  { to: "/", title: "nav.overview", icon: LayoutDashboard, letter: "o" },
  {
    to: "/pools",
    title: "nav.pools",
    icon: Layers,
    letter: "p",
    badge: (world) =>
      counted(world.pools.filter((pool) => pool.utilization > 0.9).length, "warn", "badge.saturated") ??
      neutral(world.pools.length),
  },
  {
    to: "/workers",
    title: "nav.workers",
    icon: Cpu,
    letter: "w",
    badge: (world) => counted(problemCount(world.workers), "warn", "badge.problems") ?? neutral(world.workers.length),
  },
  {
    to: "/components",
    title: "nav.components",
    icon: Boxes,
    letter: "c",
    badge: (world) =>
      counted(world.components.filter((one) => !one.is_healthy).length, "bad", "badge.unhealthy") ??
      neutral(world.components.length),
  },
  {
    to: "/breakers",
    title: "nav.breakers",
    icon: Activity,
    letter: "b",
    badge: (world) =>
      counted(
        world.breakers.filter((one) => one.state === "open" || one.state === "forced_open").length,
        "bad",
        "badge.open",
      ) ?? neutral(world.breakers.length),
  },
  {
    to: "/alerts",
    title: "nav.alerts",
    icon: Bell,
    letter: "a",
    badge: (world) => counted(world.alerts.length, world.system.alerts_critical > 0 ? "bad" : "warn", "badge.active"),
  },
  { to: "/traces", title: "nav.traces", icon: Waypoints, letter: "t" },
  {
    to: "/exporters",
    title: "nav.exporters",
    icon: Send,
    letter: "e",
    badge: (world) =>
      counted(world.exporters.filter((one) => one.state !== "ok").length, "warn", "badge.failing") ??
      neutral(world.exporters.length),
  },
];

export const LAST_PLACES: readonly Place[] = [
  { to: "/settings", title: "nav.settings", icon: Settings },
  { to: "/about", title: "nav.about", icon: Info },
];

function counted(count: number, kind: Kind, title: Key): Badge | null {
  return count > 0 ? { text: compact(count), kind, title } : null;
}

function neutral(count: number): Badge | null {
  return count > 0 ? { text: compact(count), kind: "off", title: "badge.total" } : null;
}
