/** One server-sent event. */
export interface Message {
  event: string;
  id: string;
  data: string;
}

/**
 * Reads the event stream format. A parser of our own, because `EventSource` tells no status of a refusal and cannot be given the
 * `Last-Event-ID` with which another tab's connection ended.
 */
export class MessageReader {
  private rest = "";
  private event = "";
  private data: string[] = [];
  private lastId = "";
  /** What the server's `retry:` line asks for, in milliseconds. */
  retryMs: number | null = null;

  /** Takes a piece of the stream as it arrives, and gives the messages that it completes. */
  push(piece: string): Message[] {
    const messages: Message[] = [];
    // A carriage return at the very end may be the first half of a line break.
    const text = this.rest + piece;
    const held = text.endsWith("\r") ? text.length - 1 : text.length;
    let start = 0;
    for (let at = 0; at < held; at += 1) {
      const code = text.charCodeAt(at);
      if (code !== 10 && code !== 13) continue;
      this.line(text.slice(start, at), messages);
      if (code === 13 && text.charCodeAt(at + 1) === 10) at += 1;
      start = at + 1;
    }
    this.rest = text.slice(start);
    return messages;
  }

  private line(line: string, messages: Message[]): void {
    if (line === "") {
      if (this.data.length > 0) {
        messages.push({ event: this.event || "message", id: this.lastId, data: this.data.join("\n") });
      }
      this.event = "";
      this.data = [];
      return;
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.data.push(value);
    else if (field === "event") this.event = value;
    else if (field === "id" && !value.includes("\0")) this.lastId = value;
    else if (field === "retry" && /^\d+$/.test(value)) this.retryMs = Number(value);
  }
}
