/** The screens that are not the first one. */
export { About } from "./about/About";
export { Alerts } from "./alerts/Alerts";
export { Breakers } from "./breakers/Breakers";
export { Components } from "./components/Components";
export { Exporters } from "./exporters/Exporters";
export { PoolDetail } from "./pools/PoolDetail";
export { Pools } from "./pools/Pools";
export { Settings } from "./settings/Settings";
export { Traces } from "./traces/Traces";
export { WorkerDrawer } from "./workers/WorkerDrawer";
export { Workers } from "./workers/Workers";
