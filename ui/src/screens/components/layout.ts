export interface Edge {
  from: string;
  to: string;
}

/** A place in the drawing: the column, from the left, and the place in it, from the top. */
export interface Spot {
  layer: number;
  row: number;
}

export interface Placed extends Spot {
  name: string;
}

export interface Layout {
  nodes: Placed[];
  /** Where an edge passes between its ends, by `route`. */
  routes: Map<string, Spot[]>;
  layers: number;
  rows: number;
}

export function route(edge: Edge): string {
  return JSON.stringify([edge.from, edge.to]);
}

/**
 * Places nodes in layers so that edges lead to the right: each node one beyond the furthest of those that lead to it. An edge over
 * several layers gets a place in each between, so that it runs through no node. Inside a layer all stand near the mean of what is
 * before them.
 */
export function layout(edges: readonly Edge[]): Layout {
  const names = [...new Set(edges.flatMap((edge) => [edge.from, edge.to]))].sort();
  const layers = layersOf(names, edges);
  const before = new Map<string, string[]>(names.map((name) => [name, []]));
  const routes = new Map<string, string[]>();
  for (const edge of edges) {
    const start = layers.get(edge.from) ?? 0;
    const end = layers.get(edge.to) ?? 0;
    let previous = edge.from;
    const passed: string[] = [];
    for (let layer = start + 1; layer < end; layer += 1) {
      const place = `${route(edge)} ${layer}`;
      layers.set(place, layer);
      before.set(place, [previous]);
      passed.push(place);
      previous = place;
    }
    if (end > start) before.get(edge.to)?.push(previous);
    routes.set(route(edge), passed);
  }
  const count = 1 + Math.max(0, ...layers.values());
  const rows = rowsOf(layers, before, count);
  const spot = (name: string): Spot => ({ layer: layers.get(name) ?? 0, row: rows.get(name) ?? 0 });
  return {
    nodes: names.map((name) => ({ name, ...spot(name) })),
    routes: new Map([...routes].map(([edge, places]) => [edge, places.map(spot)])),
    layers: count,
    rows: 1 + Math.max(0, ...rows.values()),
  };
}

/** The longest way to each node; a circle is cut where it is met first. */
function layersOf(names: readonly string[], edges: readonly Edge[]): Map<string, number> {
  const into = new Map(names.map((name) => [name, [] as string[]]));
  for (const edge of edges) if (edge.from !== edge.to) into.get(edge.to)?.push(edge.from);
  const layers = new Map<string, number>();
  const onWay = new Set<string>();
  const layerOf = (name: string): number => {
    const known = layers.get(name);
    if (known !== undefined) return known;
    if (onWay.has(name)) return -1;
    onWay.add(name);
    const layer = 1 + Math.max(-1, ...(into.get(name) ?? []).map(layerOf));
    onWay.delete(name);
    layers.set(name, layer);
    return layer;
  };
  names.forEach(layerOf);
  return layers;
}

function rowsOf(layers: Map<string, number>, before: Map<string, string[]>, count: number): Map<string, number> {
  const rows = new Map<string, number>();
  for (let layer = 0; layer < count; layer += 1) {
    const weight = (name: string) => {
      const known = (before.get(name) ?? []).map((one) => rows.get(one) ?? 0);
      return known.length === 0 ? 0 : known.reduce((sum, row) => sum + row, 0) / known.length;
    };
    const here = [...layers.keys()].filter((name) => layers.get(name) === layer);
    // Nodes before passing edges: the way of those may bend.
    const order = (name: string) => (name.startsWith("[") ? 1 : 0);
    here.sort((one, other) => weight(one) - weight(other) || order(one) - order(other) || (one < other ? -1 : 1));
    here.forEach((name, row) => {
      rows.set(name, row);
    });
  }
  return rows;
}
