import { describe, expect, it } from "vitest";
import { backoffMs, freshness, NO_CONNECTION } from "@/live/freshness";

const heard = { ...NO_CONNECTION, heardAt: 0 };

describe("freshness", () => {
  it("follows the silence: 2.5 intervals are stale, 4 are lost", () => {
    expect(freshness(NO_CONNECTION, 0)).toBe("loading");
    expect(freshness(heard, 12_500)).toBe("live");
    expect(freshness(heard, 12_501)).toBe("stale");
    expect(freshness(heard, 20_000)).toBe("stale");
    expect(freshness(heard, 20_001)).toBe("disconnected");
    expect(freshness(heard, 20_001, 30_000)).toBe("live");
  });

  it("is lost when a try has failed, whatever was heard before", () => {
    expect(freshness({ ...heard, isDown: true, failures: 0 }, 100)).toBe("live");
    expect(freshness({ ...heard, isDown: true, failures: 1 }, 100)).toBe("disconnected");
    expect(freshness({ ...NO_CONNECTION, failures: 1 }, 100)).toBe("disconnected");
  });

  it("tells a refusal before all else", () => {
    const refused = { status: 401, title: "", detail: "", retryAfterSeconds: null };
    expect(freshness({ ...heard, refused }, 0)).toBe("refused");
  });
});

describe("the pause before the next try", () => {
  it("grows, is bounded, and honours Retry-After", () => {
    const pauses = Array.from({ length: 10 }, (_, failures) => backoffMs(failures, null, 0.5));
    expect([...pauses].sort((one, other) => one - other)).toEqual(pauses);
    expect(pauses.at(-1)).toBe(30_000);
    expect(backoffMs(0, 7, 0.5)).toBe(7_000);
  });
});
