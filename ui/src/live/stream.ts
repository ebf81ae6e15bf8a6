import { API, FETCHED, Refusal } from "@/api/request";
import { backoffMs, type Refused } from "./freshness";
import { type Message, MessageReader } from "./messages";

/** What the owner of the connection tells others. */
export interface StreamListener {
  message(message: Message): void;
  /** The connection is up, and something has arrived. */
  up(): void;
  /** It is down; the next try comes at that time. */
  down(retryAt: number, failures: number, refused: Refused | null): void;
}

/** A server that says nothing for this long is gone, whatever the socket says. */
const SILENCE_MS = 20_000;

/** The one connection to `/api/v1/stream`, which comes back by itself with `Last-Event-ID`. */
export class Stream {
  private abort = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private wake: (() => void) | undefined;
  private isStopped = false;
  private failures = 0;

  constructor(
    private readonly listener: StreamListener,
    private lastId: string,
  ) {}

  start(): void {
    void this.run();
  }

  stop(): void {
    this.isStopped = true;
    this.abort.abort();
    this.wake?.();
  }

  /** Tries at once instead of waiting. */
  retry(): void {
    this.wake?.();
  }

  private async run(): Promise<void> {
    while (!this.isStopped) {
      const refusal = await this.connect();
      if (this.isStopped) return;
      const waitMs = backoffMs(this.failures, refusal?.retryAfterSeconds ?? null, Math.random());
      this.listener.down(Date.now() + waitMs, this.failures, refused(refusal));
      this.failures += 1;
      await this.pause(waitMs);
    }
  }

  /** Reads until the stream ends; gives why it could not begin, or null when it had begun. */
  private async connect(): Promise<Refusal | null> {
    this.abort = new AbortController();
    this.guard();
    try {
      const headers: Record<string, string> = { accept: "text/event-stream", ...FETCHED };
      if (this.lastId !== "") headers["last-event-id"] = this.lastId;
      const response = await fetch(`${API}stream`, { headers, signal: this.abort.signal, cache: "no-store" });
      if (!response.ok || !response.body) return await Refusal.from(response);
      await this.read(response.body);
      return null;
    } catch (error) {
      return Refusal.unreachable(error);
    } finally {
      clearTimeout(this.timer);
    }
  }

  private async read(body: ReadableStream<Uint8Array>): Promise<void> {
    const messages = new MessageReader();
    const decoder = new TextDecoder();
    const reader = body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      this.guard();
      for (const message of messages.push(decoder.decode(value, { stream: true }))) {
        this.failures = 0;
        if (message.id !== "") this.lastId = message.id;
        this.listener.up();
        this.listener.message(message);
      }
    }
  }

  private guard(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.abort.abort(), SILENCE_MS);
  }

  private pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** An unreachable server is no refusal: it is down. */
function refused(refusal: Refusal | null): Refused | null {
  if (!refusal || refusal.status === 0 || refusal.status >= 500) {
    return refusal?.status === 503 ? { ...plain(refusal) } : null;
  }
  return plain(refusal);
}

function plain({ status, title, detail, retryAfterSeconds }: Refusal): Refused {
  return { status, title, detail, retryAfterSeconds };
}
