export type * from "./nouns";
export { API, get, Refusal } from "./request";
