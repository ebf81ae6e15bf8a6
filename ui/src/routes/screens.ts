import { type ComponentType, useEffect, useState } from "react";
import { Overview } from "@/screens/overview/Overview";
import { Lost } from "@/shell/Lost";
import { useAddressOf } from "./address";

type Rest = typeof import("@/screens/rest");

/** Every screen but the first comes in one piece, asked for as soon as the first one stands. */
let rest: Rest | null = null;

export async function loadRest(): Promise<void> {
  rest ??= await import("@/screens/rest");
}

const ROUTES: readonly [RegExp, keyof Rest][] = [
  [/^\/pools$/, "Pools"],
  [/^\/pools\/[^/]+$/, "PoolDetail"],
  [/^\/workers$/, "Workers"],
  [/^\/components$/, "Components"],
  [/^\/breakers$/, "Breakers"],
  [/^\/alerts$/, "Alerts"],
  [/^\/traces$/, "Traces"],
  [/^\/exporters$/, "Exporters"],
  [/^\/settings$/, "Settings"],
  [/^\/about$/, "About"],
];

/** The screen of the address; null while it is on its way. */
export function useScreen(): ComponentType | null {
  const path = useAddressOf((address) => address.path);
  const [isLoaded, setLoaded] = useState(rest !== null);
  useEffect(() => {
    // A file that is gone belongs to an older build: the page itself is newer.
    void loadRest().then(
      () => setLoaded(true),
      () => path !== "/" && location.reload(),
    );
  }, [path]);
  if (path === "/") return Overview;
  const route = ROUTES.find(([pattern]) => pattern.test(path));
  if (!route) return Lost;
  return isLoaded && rest ? rest[route[1]] : null;
}

/** The last piece of the path. */
export function usePathId(): string {
  return useAddressOf((address) => plain(address.path.slice(address.path.lastIndexOf("/") + 1)));
}

function plain(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
