import { describe, expect, it } from "vitest";
import { MessageReader } from "@/live/messages";

const text =
  'retry: 3000\r\n\r\nevent: delta\nid: r.1-2\ndata: {"a":\ndata: 1}\n\n: ping\n\ndata: x\r\n\r\nid: 9\nevent: e\n\ndata:  y\n\n';

describe("the event stream", () => {
  const expected = [
    { event: "delta", id: "r.1-2", data: '{"a":\n1}' },
    { event: "message", id: "r.1-2", data: "x" },
    { event: "message", id: "9", data: " y" },
  ];

  it("is read the same however it is cut", () => {
    for (let size = 1; size <= text.length; size += 1) {
      const reader = new MessageReader();
      const messages = [];
      for (let at = 0; at < text.length; at += size) messages.push(...reader.push(text.slice(at, at + size)));
      expect(messages, `pieces of ${size}`).toEqual(expected);
      expect(reader.retryMs).toBe(3000);
    }
  });

  it("keeps an unfinished message until its end comes", () => {
    const reader = new MessageReader();
    expect(reader.push("data: half")).toEqual([]);
    expect(reader.push(" and half\n")).toEqual([]);
    expect(reader.push("\n")).toEqual([{ event: "message", id: "", data: "half and half" }]);
  });
});
