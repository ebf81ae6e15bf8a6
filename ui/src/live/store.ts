import { useSyncExternalStore } from "react";
import { type Connection, type Freshness, freshness, NO_CONNECTION } from "./freshness";
import { type World, WorldKeeper } from "./world";

/** What the page shows: the world (held still while paused), and how current it is. */
export interface View {
  world: World | null;
  /** The server's time in Unix seconds; stands still while paused. */
  now: number;
  freshness: Freshness;
  connection: Connection;
  isPaused: boolean;
}

/** The one store of the page. */
export class LiveStore {
  readonly keeper = new WorldKeeper();
  private listeners = new Set<() => void>();
  private known: Connection = NO_CONNECTION;
  private offsetSeconds = 0;
  private isPaused = false;
  private held: World | null = null;
  private heldAt = 0;
  private view: View = { world: null, now: 0, freshness: "loading", connection: NO_CONNECTION, isPaused: false };

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly current = (): View => this.view;

  connection(): Connection {
    return this.known;
  }

  /** Something arrived, or the connection changed. */
  connected(connection: Connection): void {
    this.known = connection;
    const world = this.keeper.world;
    if (world && !connection.isDown) this.offsetSeconds = world.timestamp - Date.now() / 1_000;
    this.changed();
  }

  /** Holds the picture still; what arrives meanwhile is kept and shown afterwards. */
  pause(isPaused: boolean): void {
    if (isPaused === this.isPaused) return;
    this.isPaused = isPaused;
    this.held = isPaused ? this.keeper.world : null;
    this.heldAt = this.serverNow();
    this.changed();
  }

  /** Tells everybody; also called once a second for ages and countdowns. */
  changed(): void {
    if (this.isPaused && this.held === null) {
      this.held = this.keeper.world;
      this.heldAt = this.serverNow();
    }
    this.view = {
      world: this.isPaused ? this.held : this.keeper.world,
      now: this.isPaused ? this.heldAt : this.serverNow(),
      freshness: freshness(this.known, Date.now()),
      connection: this.known,
      isPaused: this.isPaused,
    };
    for (const listener of this.listeners) listener();
  }

  private serverNow(): number {
    return Date.now() / 1_000 + this.offsetSeconds;
  }
}

export const store = new LiveStore();

/** A part of the view; the component renders again only when that part has another identity. */
export function useView<T>(select: (view: View) => T): T {
  return useSyncExternalStore(store.subscribe, () => select(store.current()));
}

/** The world, for screens that are only shown when there is one. */
export function useWorld<T>(select: (world: World) => T): T {
  return useView((view) => select(view.world as World));
}

/** The server's time in whole seconds. */
export function useNow(): number {
  return useView((view) => Math.floor(view.now));
}
