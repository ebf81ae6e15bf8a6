import { describe, expect, it } from "vitest";
import { between } from "@/charts/rates";
import { Rates, slidingRate } from "@/live/rates";

const row = (requests: number, seen_at: number, errors = 0) => ({ key: "a", requests, errors, seen_at });

describe("rates of rows", () => {
  it("are unknown at first, then taken between moves of the counter", () => {
    const rates = new Rates<ReturnType<typeof row>>();
    rates.reset([row(100, 0)], 0);
    expect(rates.rows[0]?.requests_per_second).toBeNull();
    rates.apply([row(150, 10, 5)], [], 10);
    expect(rates.rows[0]?.requests_per_second).toBe(5);
    expect(rates.rows[0]?.recent_error_rate).toBe(0.1);
  });

  it("do not jump when a service reports each ten seconds", () => {
    const rates = new Rates<ReturnType<typeof row>>();
    rates.reset([row(0, 0)], 0);
    for (let now = 1; now <= 45; now += 1) {
      rates.apply(now % 10 === 0 ? [row(now * 7, now)] : [], [], now);
      if (now >= 10) expect(rates.rows[0]?.requests_per_second, `at ${now}`).toBe(7);
    }
  });

  it("fall to zero when nothing moves", () => {
    const rates = new Rates<ReturnType<typeof row>>();
    rates.reset([row(0, 0)], 0);
    rates.apply([row(10, 1)], [], 1);
    expect(rates.rows[0]?.requests_per_second).toBe(10);
    rates.apply([], [], 22);
    expect(rates.rows[0]?.requests_per_second).toBe(0);
  });

  it("begin anew when a counter goes back", () => {
    const rates = new Rates<ReturnType<typeof row>>();
    rates.reset([row(1_000, 0)], 0);
    rates.apply([row(3, 1)], [], 1);
    expect(rates.rows[0]?.requests_per_second).toBeNull();
  });

  it("take what a history knows of the time before", () => {
    const rates = new Rates<ReturnType<typeof row>>();
    rates.reset([row(130, 30)], 30);
    rates.seed([0, 10, 20], new Map([["a requests", [100, 110, 120]]]), 30);
    expect(rates.rows[0]?.requests_per_second).toBe(1);
  });
});

describe("a sliding rate", () => {
  it("is unknown where there is no span, and survives a restart of the counter", () => {
    expect(slidingRate([0, 1, 2, 3], [0, 10, 20, 5], 2)).toEqual([null, 10, 10, 7.5]);
  });

  it("leaves gaps open", () => {
    expect(slidingRate([0, 1, 2], [0, null, 20], 10)).toEqual([null, null, 10]);
  });
});

describe("a line without an axis", () => {
  it("leaves the time empty of which nothing is known", () => {
    expect(between([8, 9, 10], [1, 2, 3], 5, 10)).toEqual([null, null, 1, 2, 3]);
    expect(between([0, 5, 6], [1, 2, 3], 5, 6)).toEqual([2, 3]);
    expect(between([], [], 0, 10)).toEqual([]);
  });
});
