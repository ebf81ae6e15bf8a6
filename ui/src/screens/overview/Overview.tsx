import { useNow, useWorld } from "@/live/store";
import { ScreenTitle } from "@/parts/card";
import { integer, wholeDuration } from "@/words/format";
import { plural, t } from "@/words/translate";
import { Events } from "./Events";
import { ExporterStrip } from "./ExporterStrip";
import { Figures } from "./Figures";
import { PoolList } from "./PoolList";
import { Alerts, OpenBreakers, ProblemWorkers } from "./Problems";
import { Services } from "./Services";
import { Verdict } from "./Verdict";
import { WorkerMap } from "./WorkerMap";

/** How everything is, problems first; every number leads to its list. */
export function Overview() {
  return (
    <div className="grid gap-4">
      <ScreenTitle title={t("nav.overview")} about={<Uptime />} />
      <div className="grid gap-4 xl:grid-cols-[minmax(300px,380px)_minmax(0,1fr)]">
        <Verdict />
        <Figures />
      </div>
      <PartErrors />
      <div className="grid gap-4 lg:grid-cols-3">
        <Alerts />
        <OpenBreakers />
        <ProblemWorkers />
      </div>
      <div className="grid gap-4 lg:grid-cols-2">
        <PoolList />
        <WorkerMap />
      </div>
      <ExporterStrip />
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <Services />
        <Events />
      </div>
    </div>
  );
}

function Uptime() {
  const uptime = useWorld((world) => world.system.uptime_seconds);
  const at = useWorld((world) => world.timestamp);
  const now = useNow();
  const services = useWorld((world) => world.services.length);
  return (
    <>
      {t("overview.about", {
        services: plural("overview.instances", services, integer(services)),
        uptime: wholeDuration(uptime + Math.max(0, now - at)),
      })}
    </>
  );
}

/** A part of the picture failed: the rest is true all the same. */
function PartErrors() {
  const errors = useWorld((world) => world.errors);
  if (errors.length === 0) return null;
  return (
    <ul className="panel m-0 grid list-none gap-1 border-warn p-3 text-sm text-warn">
      {errors.map((error) => (
        <li key={error.part}>
          <span className="font-medium">{t("overview.partFailed", { part: error.part })}</span> {error.message}
        </li>
      ))}
    </ul>
  );
}
