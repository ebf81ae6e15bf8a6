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
    // What was kept holds no line break; only its last carriage return may be half of one.
    let from = Math.max(0, this.rest.length - 1);
    const text = this.rest + piece;
    let start = 0;
    for (;;) {
      const end = nextBreak(text, from);
      const isHalf = text.charCodeAt(end) === 13 && end === text.length - 1;
      if (end < 0 || isHalf) break;
      this.line(text.slice(start, end), messages);
      start = end + (text.startsWith("\r\n", end) ? 2 : 1);
      from = start;
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

/** The place of the next line break, of either kind; -1 without one. */
function nextBreak(text: string, from: number): number {
  const pattern = /[\r\n]/g;
  pattern.lastIndex = from;
  return pattern.exec(text)?.index ?? -1;
}
