export type * from "./nouns";
export { API, get, Refusal, ROOT } from "./request";
