import { useEffect, useMemo, useState } from "react";
import type { Alert, List, Recommendation } from "@/api";
import { get } from "@/api/request";
import { useView, useWorld } from "@/live/store";
import { Button, Chip, Segments } from "@/parts/button";
import { Empty, ScreenTitle } from "@/parts/card";
import { Filter } from "@/parts/filter";
import { kindOf, Mark } from "@/parts/mark";
import { setAddress, useAddress } from "@/routes/use-search";
import { matcher, readQuery } from "@/rows/query";
import { integer } from "@/words/format";
import { t, word } from "@/words/translate";
import { AlertCard } from "./AlertCard";

const searchable = {
  fields: {
    name: (alert: Alert) => alert.name,
    level: (alert: Alert) => alert.level,
    subject: (alert: Alert) => alert.subject,
    service: (alert: Alert) => alert.service ?? "",
    category: (alert: Alert) => alert.category,
  },
  text: (alert: Alert) => `${alert.message} ${alert.subject} ${alert.name} ${alert.service ?? ""}`,
};
const LEVELS = ["critical", "warning", "info"];
const SHOWN_MAX = 200;

/** What is wrong now, with what to do about it; and what was. */
export function Alerts() {
  const active = useWorld((world) => world.alerts);
  const recommendations = useWorld((world) => world.recommendations);
  const resolved = useResolved();
  const address = useAddress();
  const isResolved = address.view === "resolved";
  const alerts: readonly Alert[] = isResolved ? resolved.items : active;
  const level = address.state === "failing" ? "critical" : address.state;
  const found = useMemo(() => {
    const fits = matcher(readQuery(address.q ?? ""), searchable);
    const moment = (alert: Alert) => alert.resolved ?? alert.since;
    return alerts
      .filter((alert) => fits(alert) && (!level || alert.level === level))
      .sort(
        (one, other) =>
          (isResolved ? 0 : LEVELS.indexOf(one.level) - LEVELS.indexOf(other.level)) ||
          moment(other) - moment(one) ||
          (one.key < other.key ? -1 : 1),
      );
  }, [alerts, address.q, level, isResolved]);
  const advice = useMemo(() => new Map(recommendations.map((one) => [one.alert, one])), [recommendations]);
  return (
    <div className="grid gap-4">
      <ScreenTitle title={t("nav.alerts")} about={t("alerts.about", { active: integer(active.length) })}>
        <Segments
          label={t("alerts.which")}
          value={isResolved ? "resolved" : "active"}
          choices={[
            { value: "active", text: t("alerts.active") },
            { value: "resolved", text: t("alerts.resolved") },
          ]}
          onChange={(value) => setAddress({ view: value === "resolved" ? "resolved" : undefined })}
        />
      </ScreenTitle>
      <div className="flex flex-wrap items-center gap-2">
        <Filter className="sm:w-72" />
        {LEVELS.map((one) => (
          <Chip
            key={one}
            isOn={level === one}
            count={integer(alerts.filter((alert) => alert.level === one).length)}
            onClick={() => setAddress({ state: level === one ? undefined : one })}
          >
            <Mark kind={kindOf(one)} size={10} />
            {word("level", one)}
          </Chip>
        ))}
      </div>
      {found.length > 0 ? (
        <AlertList alerts={found.slice(0, SHOWN_MAX)} advice={advice} />
      ) : (
        <Nothing isAny={alerts.length > 0} isResolved={isResolved} error={resolved.error} />
      )}
    </div>
  );
}

function AlertList({ alerts, advice }: { alerts: Alert[]; advice: Map<string, Recommendation> }) {
  return (
    <ul className="m-0 grid list-none gap-3 p-0">
      {alerts.map((alert) => (
        <AlertCard key={`${alert.key} ${alert.since}`} alert={alert} advice={advice.get(alert.key)} />
      ))}
    </ul>
  );
}

function Nothing({ isAny, isResolved, error }: { isAny: boolean; isResolved: boolean; error: string }) {
  return (
    <div className="panel">
      {isAny ? (
        <Empty title={t("empty.noMatch")}>
          <Button onClick={() => setAddress({ q: undefined, state: undefined })}>{t("action.clearFilters")}</Button>
        </Empty>
      ) : isResolved && error ? (
        <Empty title={t("alerts.resolvedFailed")}>{error}</Empty>
      ) : (
        <Empty title={isResolved ? t("empty.resolved") : t("empty.alerts")}>
          {isResolved ? t("empty.resolvedHelp") : t("empty.alertsHelp")}
        </Empty>
      )}
    </div>
  );
}

/** The resolved ones; asked for anew whenever one is resolved. */
function useResolved(): { items: Alert[]; error: string } {
  const [known, setKnown] = useState<{ items: Alert[]; error: string }>({ items: [], error: "" });
  const last = useWorld((world) => world.events.find((event) => event.type === "alert_resolved")?.id ?? 0);
  const isLive = useView((view) => view.freshness === "live" && !view.isPaused);
  useEffect(() => {
    void last;
    if (!isLive) return;
    const abort = new AbortController();
    get<List<Alert>>("alerts?state=resolved&sort=-resolved&limit=500", abort.signal)
      .then((list) => setKnown({ items: list.items, error: "" }))
      .catch((error: Error) => {
        if (!abort.signal.aborted) setKnown((before) => ({ ...before, error: error.message }));
      });
    return () => abort.abort();
  }, [last, isLive]);
  return known;
}
