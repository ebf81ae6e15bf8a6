import { describe, expect, it } from "vitest";
import type { WorkerRow } from "@/live/world";
import { readNumber, readQuery } from "@/rows/query";
import { compareValues, holdOrder, readSort, sortRows, toggleSort } from "@/rows/sort";
import { filterWorkers, gravity, isProblem, workerWarning } from "@/rows/worker-rows";
import { toCsv } from "@/screens/workers/download";
import { groupRows } from "@/screens/workers/groups";
import { rowsInSight } from "@/screens/workers/in-sight";
import { worker } from "./fixtures";

const row = (key: string, more: Partial<WorkerRow> = {}): WorkerRow =>
  ({ ...worker(key), seen_at: 0, requests_per_second: 1, recent_error_rate: 0, ...more }) as WorkerRow;
const rows = [
  row("a", { app: "shop", state: "idle", memory_rss_bytes: 40e6 }),
  row("b", { app: "shop", state: "active", memory_rss_bytes: 80e6, recent_error_rate: 0.3 }),
  row("c", { app: "my app", state: "active", memory_rss_bytes: null }),
];
const found = (query: string, states: string[] = []) =>
  filterWorkers(rows, readQuery(query), new Set(states)).map((one) => one.key);

describe("the search", () => {
  it.each([
    ["", ["a", "b", "c"]],
    ["app:shop", ["a", "b"]],
    ["app:shop state:idle", ["a"]],
    ["app:shop rss>50M", ["b"]],
    ["rss<=40M", ["a"]],
    ['app:"my app"', ["c"]],
    ["state:idle,active app:my", ["c"]],
    ["-state:idle", ["b", "c"]],
    ["worker-b", ["b"]],
    ["WORKER-B", ["b"]],
    ["err>20%", ["b"]],
    ["unknown:x", []],
    ["rss>abc", []],
    ['"', ["a", "b", "c"]],
  ])("%s", (query, keys) => expect(found(query)).toEqual(keys));

  it("joins with the state chips", () => {
    expect(found("", ["idle"])).toEqual(["a"]);
    expect(found("app:shop", ["failing"])).toEqual(["b"]);
    expect(found("", ["failing", "idle"])).toEqual([]);
  });

  it("never fails, whatever is typed", () => {
    for (const text of ["::", ">>>", "a:", ":a", "-", '"a', "a>", "(((", "\\", "rss>-", "%%%"]) {
      expect(() => found(text)).not.toThrow();
    }
  });

  it.each([
    ["50M", 50e6],
    ["1.5GiB", 1.5 * 1024 ** 3],
    ["20%", 0.2],
    ["2h", 7_200],
    ["90s", 90],
    ["12", 12],
    ["x", null],
    ["5 apples", null],
  ])("number %s", (text, number) => expect(readNumber(text)).toBe(number));
});

describe("the sort", () => {
  it("puts what is not known last, in either direction", () => {
    const values = [3, null, 1, undefined, Number.NaN, 2];
    expect([...values].sort((a, b) => compareValues(a, b, false)).slice(0, 3)).toEqual([1, 2, 3]);
    expect([...values].sort((a, b) => compareValues(a, b, true)).slice(0, 3)).toEqual([3, 2, 1]);
  });

  it("orders numbers in words by their value, and equal rows by key", () => {
    expect(compareValues("worker-10", "worker-9", false)).toBeGreaterThan(0);
    const same = sortRows(
      [row("z"), row("a")],
      (one) => one.app,
      (one) => one.key,
      true,
    );
    expect(same.map((one) => one.key)).toEqual(["a", "z"]);
  });

  it("is read from the address, and falls back", () => {
    const columns = [{ id: "rss" }, { id: "warn" }];
    expect(readSort("-rss", "-warn", columns)).toEqual({ id: "rss", isDescending: true });
    expect(readSort("nonsense", "-warn", columns)).toEqual({ id: "warn", isDescending: true });
  });

  it("begins with the greatest number, turns round, and leaves the address when it is the default", () => {
    expect(toggleSort(undefined, "rss", "-warn", true)).toBe("-rss");
    expect(toggleSort("-rss", "rss", "-warn", true)).toBe("rss");
    expect(toggleSort("id", "warn", "-warn", true)).toBeUndefined();
    expect(toggleSort(undefined, "id", "-warn", false)).toBe("id");
  });

  it("holds rows in place: known ones stay, new ones come last, gone ones leave", () => {
    const held = holdOrder(["c", "x", "a"], [row("a"), row("b"), row("c")], (one) => one.key);
    expect(held.map((one) => one.key)).toEqual(["c", "a", "b"]);
  });
});

describe("what is wrong with a worker", () => {
  it.each([
    [{ state: "active", progress_age_seconds: 61 }, "stuck"],
    [{ state: "idle", progress_age_seconds: 61 }, null],
    [{ stale: true }, "stale"],
    [{ recent_error_rate: 0.21 }, "failing"],
    [{ recent_error_rate: 0.2 }, "errors"],
    [{ recent_error_rate: 0.1 }, null],
    [{ state: "offline" }, "offline"],
  ] as [Partial<WorkerRow>, string | null][])("%j is %s", (more, warning) => {
    expect(workerWarning(row("a", more))).toBe(warning);
  });

  it("is ordered", () => {
    const all = ["stuck", "stale", "failing", "errors", "offline", null] as const;
    const order = all.map(gravity);
    expect([...order].sort((a, b) => b - a)).toEqual(order);
    expect(all.map(isProblem)).toEqual([true, true, true, true, false, false]);
  });
});

describe("rows in sight", () => {
  it("are those of the window and some beyond", () => {
    expect(rowsInSight(0, 360, 36, 10_000)).toEqual({ first: 0, last: 20 });
    expect(rowsInSight(36_000, 360, 36, 10_000)).toEqual({ first: 990, last: 1_020 });
    expect(rowsInSight(360_000, 360, 36, 10_000)).toEqual({ first: 9_990, last: 9_999 });
    expect(rowsInSight(360_000, 360, 36, 100)).toEqual({ first: 79, last: 99 });
    expect(rowsInSight(0, 360, 36, 3)).toEqual({ first: 0, last: 2 });
  });
});

describe("groups and files", () => {
  it("groups by app and keeps the order inside", () => {
    expect(groupRows([rows[1], rows[2], rows[0]] as WorkerRow[], true).map((line) => line.key)).toEqual([
      "app my app",
      "c",
      "app shop",
      "b",
      "a",
    ]);
  });

  it("writes CSV that a spreadsheet cannot be tricked with", () => {
    const text = toCsv([row("a", { name: '=HYPERLINK("x")', app: 'a "b", c' })]);
    expect(text.split("\r\n")[1]).toContain(`"'=HYPERLINK(""x"")","a ""b"", c",checkout`);
  });
});
