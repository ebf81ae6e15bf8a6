import type { World } from "@/live/world";
import { type Kind, kindOf } from "@/parts/mark";
import type { Search } from "@/routes/search";
import { type Key, t } from "@/words/translate";
import { LAST_PLACES, PLACES } from "./places";

export interface Finding {
  key: string;
  name: string;
  kind: Kind;
  place: Key;
  to: string;
  search?: Search;
}

const EACH_MAX = 8;

/** What the words of a search could mean; screens first. */
export function findings(world: World | null, query: string): Finding[] {
  const wanted = query.trim().toLowerCase();
  const screens = [...PLACES, ...LAST_PLACES]
    .filter((place) => t(place.title).toLowerCase().includes(wanted))
    .map(
      (place): Finding => ({ key: place.to, name: t(place.title), kind: "off", place: "search.screen", to: place.to }),
    );
  if (!world || wanted === "") return screens;
  const some = <T extends { name: string; key: string }>(rows: readonly T[], make: (row: T) => Finding) => {
    const found: Finding[] = [];
    for (const row of rows) {
      if (found.length >= EACH_MAX) break;
      if (row.name.toLowerCase().includes(wanted)) found.push(make(row));
    }
    return found;
  };
  const quoted = (name: string) => (/\s/.test(name) ? `"${name}"` : name);
  return [
    ...screens,
    ...some(world.pools, (row) => ({ ...base(row), kind: "ok", place: "nav.pools", to: `/pools/${row.key}` })),
    ...some(world.components, (row) => ({
      ...base(row),
      kind: kindOf(row.status),
      place: "nav.components",
      to: "/components",
      search: { q: quoted(row.name) },
    })),
    ...some(world.breakers, (row) => ({
      ...base(row),
      kind: kindOf(row.state),
      place: "nav.breakers",
      to: "/breakers",
      search: { q: quoted(row.name) },
    })),
    ...some(world.exporters, (row) => ({
      ...base(row),
      kind: kindOf(row.state),
      place: "nav.exporters",
      to: "/exporters",
    })),
    ...some(world.workers, (row) => ({
      ...base(row),
      kind: kindOf(row.state),
      place: "nav.workers",
      to: "/workers",
      search: { w: row.key },
    })),
  ];
}

function base(row: { name: string; key: string }): { key: string; name: string } {
  return { key: row.key, name: row.name };
}
