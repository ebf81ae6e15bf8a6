import type { components } from "./schema";

type Schemas = components["schemas"];

export type About = Schemas["About"];
export type Alert = Schemas["Alert"];
export type Breaker = Schemas["Breaker"];
export type Component = Schemas["Component"];
export type Delta = Schemas["Delta"];
export type Exporter = Schemas["Exporter"];
export type ExporterSignal = Schemas["ExporterSignal"];
export type History = Schemas["History"];
export type Pool = Schemas["Pool"];
export type Problem = Schemas["Problem"];
export type Recommendation = Schemas["Recommendation"];
export type Service = Schemas["Service"];
export type Span = Schemas["Span"];
export type Stream = Schemas["Stream"];
export type System = Schemas["System"];
export type Traces = Schemas["Traces"];
export type Transition = Schemas["Transition"];
export type Whole = Schemas["Whole"];
export type Worker = Schemas["Worker"];
/** One thing that happened, as `/api/v1/events` tells it. */
export type Happening = Schemas["Event"];

/** Rows with what stands around them. */
export interface List<T> {
  snapshot_id: number;
  timestamp: number;
  items: T[];
  total: number;
  next_cursor?: string | null;
}
