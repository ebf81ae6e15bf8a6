import { describe, expect, it } from "vitest";
import type { Delta, Happening } from "@/api";
import { LiveStore } from "@/live/store";
import { WorldKeeper } from "@/live/world";
import { whole, worker } from "./fixtures";

function delta(timestamp: number, changed: ReturnType<typeof worker>[], removed: string[] = []): Delta {
  return { snapshot_id: 2, timestamp, system: whole([]).system, workers: { changed, removed } } as unknown as Delta;
}

const happening = (id: number) =>
  ({ id, key: String(id), name: "x", type: "alert_fired", message: "", at: id }) as Happening;

describe("the world", () => {
  it("changes, adds and removes by key, and keeps the identity of the rest", () => {
    const keeper = new WorldKeeper();
    keeper.snapshot(whole([worker("a"), worker("b")]));
    const before = keeper.world;
    keeper.delta(delta(1_001, [worker("b", { state: "idle" }), worker("c")], ["a"]));
    expect(keeper.world?.workers.map((row) => [row.key, row.state])).toEqual([
      ["b", "idle"],
      ["c", "active"],
    ]);
    expect(keeper.world?.pools).toBe(before?.pools);
    expect(before?.workers).toHaveLength(2);
  });

  it("is nothing before the first snapshot", () => {
    const keeper = new WorldKeeper();
    keeper.delta(delta(1, [worker("a")]));
    expect(keeper.world).toBeNull();
  });

  it("throws the old state away when another run answers, and marks the restart", () => {
    const keeper = new WorldKeeper();
    keeper.snapshot(whole([worker("a")]));
    keeper.happened([happening(7)]);
    keeper.snapshot(whole([worker("b")], { run_id: "b", timestamp: 1_050 }));
    expect(keeper.world?.workers.map((row) => row.key)).toEqual(["b"]);
    expect(keeper.world?.events).toEqual([]);
    expect(keeper.world?.restarts).toEqual([1_050]);
    keeper.snapshot(whole([worker("b")], { run_id: "b", timestamp: 1_060 }));
    expect(keeper.world?.restarts).toEqual([1_050]);
  });

  it("keeps events newest first, once each", () => {
    const keeper = new WorldKeeper();
    keeper.snapshot(whole([]));
    keeper.happened([happening(2), happening(1)]);
    keeper.happened([happening(2), happening(3)]);
    expect(keeper.world?.events.map((event) => event.id)).toEqual([3, 2, 1]);
  });

  it("can be handed to another tab", () => {
    const keeper = new WorldKeeper();
    keeper.snapshot(whole([worker("a"), worker("b")]));
    const other = new WorldKeeper();
    const handed = keeper.whole();
    if (handed) other.snapshot(structuredClone(handed));
    expect(other.world?.workers.map((row) => row.key)).toEqual(["a", "b"]);
  });
});

describe("pause", () => {
  it("holds the view still and loses nothing", () => {
    const store = new LiveStore();
    const connection = { heardAt: Date.now(), isDown: false, retryAt: null, failures: 0, refused: null };
    store.keeper.snapshot(whole([worker("a", { requests: 1 })]));
    store.connected(connection);
    store.pause(true);
    store.keeper.delta(delta(1_001, [worker("a", { requests: 2 })]));
    store.connected(connection);
    expect(store.current().world?.workers[0]?.requests).toBe(1);
    expect(store.current().now).toBe(store.current().now);
    store.pause(false);
    expect(store.current().world?.workers[0]?.requests).toBe(2);
  });

  it("of a page that is opened paused holds the first picture", () => {
    const store = new LiveStore();
    store.pause(true);
    store.keeper.snapshot(whole([worker("a")]));
    store.changed();
    store.keeper.delta(delta(1_001, [], ["a"]));
    store.changed();
    expect(store.current().world?.workers).toHaveLength(1);
  });
});
