export interface Edge {
  from: string;
  to: string;
}

export interface Placed {
  name: string;
  /** The column, from the left; and the place in it, from the top. */
  layer: number;
  row: number;
}

export interface Layout {
  nodes: Placed[];
  layers: number;
  rows: number;
}

/**
 * Places nodes in layers so that edges lead to the right: each node one beyond the furthest of those that lead to it. A circle
 * is cut where it is met first. Inside a layer nodes stand near the mean of those before them.
 */
export function layout(edges: readonly Edge[]): Layout {
  const names = [...new Set(edges.flatMap((edge) => [edge.from, edge.to]))].sort();
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
  const count = 1 + Math.max(0, ...layers.values());
  const rows = new Map<string, number>();
  const nodes: Placed[] = [];
  for (let layer = 0; layer < count; layer += 1) {
    const weight = (name: string) => {
      const before = (into.get(name) ?? [])
        .map((one) => rows.get(one))
        .filter((row): row is number => row !== undefined);
      return before.length === 0 ? 0 : before.reduce((sum, row) => sum + row, 0) / before.length;
    };
    const here = names.filter((name) => layers.get(name) === layer);
    here.sort((one, other) => weight(one) - weight(other) || (one < other ? -1 : 1));
    here.forEach((name, row) => {
      rows.set(name, row);
      nodes.push({ name, layer, row });
    });
  }
  return { nodes, layers: count, rows: 1 + Math.max(0, ...rows.values()) };
}
