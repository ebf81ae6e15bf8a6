import { describe, expect, it } from "vitest";
import type { Transition } from "@/api";
import { readPreferences } from "@/preferences/preferences";
import { parseSearch, printSearch, readSearch } from "@/routes/search";
import { yamlLines } from "@/screens/about/yaml";
import { promql } from "@/screens/alerts/promql";
import { bands } from "@/screens/breakers/bands";
import { layout, route } from "@/screens/components/layout";
import { cellSide } from "@/screens/overview/WorkerMap";
import { timeToFull } from "@/screens/pools/time-to-full";

describe("the address", () => {
  it("keeps what it knows, and leaves the rest out", () => {
    const search = readSearch(
      parseSearch("?q=app:x%20rss>50M&state=active&range=15m&live=0&at=1795340602316&x=1&w=abc"),
    );
    expect(search).toEqual({
      q: "app:x rss>50M",
      state: "active",
      w: "abc",
      range: "15m",
      live: "0",
      at: "1795340602316",
    });
    expect(parseSearch(printSearch(search as Record<string, unknown>))).toEqual(search);
  });

  it("takes no nonsense", () => {
    expect(readSearch({ range: "7d", live: "1", at: "soon", q: "", sort: "x".repeat(5_000) })).toEqual({});
    expect(readSearch({ range: "5m" })).toEqual({});
  });
});

describe("preferences", () => {
  it("survive whatever is stored", () => {
    for (const text of [null, "", "{", "[]", '"x"', "null", '{"theme":"pink"}']) {
      expect(readPreferences(text).theme).toBe("system");
    }
    expect(readPreferences('{"theme":"dark","bytes":"decimal"}')).toMatchObject({ theme: "dark", bytes: "decimal" });
  });
});

describe("a breaker's bands", () => {
  const change = (from: string, to: string, at: number) => ({ from, to, at, reason: null }) as Transition;

  it("cover the range without holes", () => {
    const found = bands(
      [change("half_open", "closed", 80), change("open", "half_open", 60), change("closed", "open", 20)],
      "closed",
      0,
      100,
    );
    expect(found.map((band) => [band.state, band.from, band.to])).toEqual([
      ["closed", 0, 20],
      ["open", 20, 60],
      ["half_open", 60, 80],
      ["closed", 80, 100],
    ]);
  });

  it("keep the order of changes at one moment, and what was before the range", () => {
    const same = bands(
      [change("half_open", "open", 50), change("open", "half_open", 50), change("closed", "open", -5)],
      "open",
      0,
      100,
    );
    expect(same.map((band) => [band.state, band.from, band.to])).toEqual([
      ["open", 0, 50],
      ["open", 50, 100],
    ]);
    expect(bands([], "closed", 0, 10).map((band) => band.state)).toEqual(["closed"]);
  });
});

describe("PromQL", () => {
  it("quotes hostile names", () => {
    const about = { name: "circuit_breaker_open", category: "circuit_breaker", subject: 'a"} or up{x="\\\n' };
    expect(promql(about)).toBe('circuit_breaker_state{component="a\\"} or up{x=\\"\\\\\\n"} == 1');
  });

  it("names the series of a breaker as the bridge does", () => {
    const about = { name: "circuit_breaker_half_open", category: "circuit_breaker", subject: "payments" };
    expect(promql({ ...about, component: "task_api" })).toBe('circuit_breaker_state{component="task_api"} == 2');
    expect(promql(about)).toBe('circuit_breaker_state{component="payments"} == 2');
  });

  it("says nothing where no series tells it", () => {
    expect(promql({ name: "instance_stale", category: "service", subject: "x" })).toBeNull();
    expect(promql({ name: "high_error_rate", category: "system", subject: "x", threshold: 0.1 })).toBe(
      "system_error_rate > 0.1",
    );
  });
});

describe("the graph", () => {
  const edges = [
    { from: "a", to: "b" },
    { from: "b", to: "c" },
    { from: "a", to: "c" },
    { from: "c", to: "a" },
  ];

  it("leads to the right, gives long edges a way, and ends in spite of circles", () => {
    const placed = layout(edges);
    expect(placed.nodes.map((node) => [node.name, node.layer])).toEqual(expect.arrayContaining([expect.anything()]));
    const spots = new Set(placed.nodes.map((node) => `${node.layer} ${node.row}`));
    expect(spots.size).toBe(3);
    for (const passed of placed.routes.values()) {
      for (const spot of passed) expect(spots.has(`${spot.layer} ${spot.row}`)).toBe(false);
    }
    const straight = layout(edges.slice(0, 3));
    expect(straight.nodes.map((node) => node.layer)).toEqual([0, 1, 2]);
    expect(straight.routes.get(route({ from: "a", to: "c" }))).toEqual([{ layer: 1, row: 1 }]);
  });

  it("is empty without edges", () => expect(layout([]).nodes).toEqual([]));
});

describe("time to full", () => {
  const times = Array.from({ length: 61 }, (_, second) => second);

  it("goes on as the last minute did", () => {
    expect(
      timeToFull(
        times,
        times.map((second) => second / 100),
      ),
    ).toBeCloseTo(40, 5);
    expect(
      timeToFull(
        times,
        times.map((second) => 0.5 - second / 1_000),
      ),
    ).toBeNull();
    expect(
      timeToFull(
        times,
        times.map(() => 0.5),
      ),
    ).toBeNull();
    expect(
      timeToFull(
        times,
        times.map(() => 1),
      ),
    ).toBe(0);
    expect(timeToFull([1, 2], [0.1, 0.9])).toBeNull();
    expect(
      timeToFull(
        times,
        times.map((second) => (second % 2 === 0 ? 0.2 : 0.8)),
      ),
    ).toBeNull();
  });
});

describe("small things", () => {
  it("makes cells that fit", () => {
    for (const count of [1, 242, 1_000, 10_000]) {
      const side = cellSide(count, 600);
      const columns = Math.floor(602 / (side + 2));
      if (side > 2) expect(Math.ceil(count / columns) * (side + 2)).toBeLessThanOrEqual(170);
    }
  });

  it("prints YAML that reads back", () => {
    const value = { a: null, b: [{ c: "127.0.0.1:1", d: [] }, "x"], e: { f: true, g: "true", h: "" } };
    expect(yamlLines(value)).toEqual([
      "a: null",
      "b:",
      '  - c: "127.0.0.1:1"',
      "    d: []",
      "  - x",
      "e:",
      "  f: true",
      '  g: "true"',
      '  h: ""',
    ]);
  });
});
