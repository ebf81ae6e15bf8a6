import type { Delta, Happening, History, List, Whole } from "@/api";
import { get, ROOT } from "@/api/request";
import { NO_CONNECTION, type Refused } from "./freshness";
import { type Leadership, seekLeadership } from "./leadership";
import type { Message } from "./messages";
import { fromHistory } from "./samples";
import type { LiveStore } from "./store";
import { Stream } from "./stream";

/** What tabs tell each other. */
type Word =
  | { kind: "message"; message: Message }
  | { kind: "down"; retryAt: number; failures: number; refused: Refused | null }
  | { kind: "hello" }
  | { kind: "whole"; whole: Whole; lastId: string }
  | { kind: "retry" };

/** Bridges that share an origin are told apart by where they stand. */
const CHANNEL = `otel-bridge-stream ${ROOT}`;
const EVENTS_WANTED = 200;
const SEEDED_MAX = 3_000;

/** Feeds the store: from the stream if this tab leads, from the tab that leads otherwise. */
export class Session {
  private readonly channel = new BroadcastChannel(CHANNEL);
  private leadership: Leadership | undefined;
  private stream: Stream | undefined;
  private lastId = "";
  private pastOf = "";

  constructor(private readonly store: LiveStore) {}

  start(): void {
    this.channel.onmessage = (event: MessageEvent<Word>) => this.hear(event.data);
    this.channel.postMessage({ kind: "hello" } satisfies Word);
    this.leadership = seekLeadership(
      () => this.lead(),
      () => this.unlead(),
    );
  }

  stop(): void {
    this.leadership?.stop();
    this.channel.close();
  }

  /** Tries to connect at once. */
  retry(): void {
    if (this.stream) this.stream.retry();
    else this.channel.postMessage({ kind: "retry" } satisfies Word);
  }

  private lead(): void {
    this.stream = new Stream(
      {
        message: (message) => {
          this.take(message);
          this.channel.postMessage({ kind: "message", message } satisfies Word);
        },
        up: () => undefined,
        down: (retryAt, failures, refused) => {
          this.down(retryAt, failures, refused);
          this.channel.postMessage({ kind: "down", retryAt, failures, refused } satisfies Word);
        },
      },
      this.lastId,
    );
    this.stream.start();
  }

  private unlead(): void {
    this.stream?.stop();
    this.stream = undefined;
  }

  private hear(word: Word): void {
    if (word.kind === "hello" && this.stream) {
      const whole = this.store.keeper.whole();
      if (whole) this.channel.postMessage({ kind: "whole", whole, lastId: this.lastId } satisfies Word);
    } else if (word.kind === "retry") {
      this.stream?.retry();
    } else if (this.stream) {
      // Two tabs that both see themselves as leaders (no locks there) do not listen to each other.
    } else if (word.kind === "whole") {
      if (this.store.keeper.world === null) this.snapshot(word.whole, word.lastId);
    } else if (word.kind === "message") {
      this.take(word.message);
    } else if (word.kind === "down") {
      this.down(word.retryAt, word.failures, word.refused);
    }
  }

  private down(retryAt: number, failures: number, refused: Refused | null): void {
    this.store.connected({ ...this.store.connection(), isDown: true, retryAt, failures, refused });
  }

  private take(message: Message): void {
    const keeper = this.store.keeper;
    const data: unknown = JSON.parse(message.data);
    if (message.event === "snapshot") this.snapshot(data as Whole, message.id);
    else if (message.event === "delta") keeper.delta(data as Delta);
    else if (message.event === "event") keeper.happened([data as Happening]);
    else if (message.event === "ping") keeper.ping((data as { timestamp: number }).timestamp);
    if (!keeper.world) {
      // What has changed means nothing without the whole; the tab that leads has it.
      this.channel.postMessage({ kind: "hello" } satisfies Word);
      return;
    }
    if (message.id !== "") this.lastId = message.id;
    this.heard();
  }

  private snapshot(whole: Whole, lastId: string): void {
    this.lastId = lastId;
    this.store.keeper.snapshot(whole);
    this.heard();
    if (this.pastOf === whole.run_id) return;
    this.pastOf = whole.run_id;
    void this.fetchEvents(whole);
    void this.fetchRates(whole);
  }

  private heard(): void {
    this.store.connected({ ...NO_CONNECTION, heardAt: Date.now() });
  }

  /** What workers did in the last half minute, so that their rates are there at once; of very many they come by themselves. */
  private async fetchRates(whole: Whole): Promise<void> {
    const count = whole.workers?.length ?? 0;
    if (count === 0 || count > SEEDED_MAX) return;
    const history = await get<History>("history?entity=worker&range=35s").catch(() => null);
    if (!history) return;
    const { times, columns } = fromHistory(history);
    this.store.keeper.seed(times, columns);
    this.store.changed();
  }

  /** The events before this tab was opened; without them the list begins with the next one. */
  private async fetchEvents(whole: Whole): Promise<void> {
    const after = Math.max(0, whole.latest_event - EVENTS_WANTED);
    const list = await get<List<Happening>>(`events?after=${after}`).catch(() => null);
    if (list) {
      this.store.keeper.happened(list.items);
      this.store.changed();
    }
  }
}
