import type { Alert, Recommendation } from "@/api";
import { useWorld } from "@/live/store";
import { Since } from "@/parts/age";
import { CopyButton } from "@/parts/button";
import { kindOf, StatePill } from "@/parts/mark";
import { Name } from "@/parts/name";
import { Link } from "@/routes/Link";
import { carried, useAddress } from "@/routes/use-search";
import { duration, rate, timeOfDay } from "@/words/format";
import { t, word } from "@/words/translate";
import { promql } from "./promql";

const EDGE = { bad: "border-l-bad", warn: "border-l-warn", ok: "border-l-ok", off: "border-l-off" };

/** One alert, what to do about it, and the same condition for Prometheus. */
export function AlertCard({ alert, advice }: { alert: Alert; advice: Recommendation | undefined }) {
  const isActive = alert.state === "active";
  const kind = isActive ? kindOf(alert.level) : "off";
  const component = useWorld(
    (world) =>
      world.breakers.find((one) => one.name === alert.subject && one.service === (alert.service ?? one.service))
        ?.component ?? null,
  );
  const cause = useWorld((world) => world.alerts.find((one) => one.key === alert.cause)?.message ?? "");
  const expression = promql({ ...alert, component });
  return (
    <li
      data-row
      tabIndex={-1}
      className={`panel grid min-w-0 gap-x-6 gap-y-3 border-l-4 px-4 py-3 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)] ${EDGE[kind]}`}
    >
      <div className="min-w-0">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <StatePill kind={kind} text={isActive ? word("level", alert.level) : t("alerts.resolvedOne")} />
          <span className="figures text-muted text-xs">
            <When alert={alert} isActive={isActive} />
          </span>
        </div>
        <p className="wrap-anywhere m-0 mt-2 line-clamp-3 font-medium text-base">
          <bdi>{alert.message}</bdi>
        </p>
        <p className="m-0 mt-1 flex min-w-0 flex-wrap gap-x-3 text-muted text-xs">
          <Subject alert={alert} />
          {alert.service && <Name text={alert.service} className="max-w-60" />}
          <span className="font-mono">{alert.name}</span>
          {alert.threshold !== null && alert.threshold !== undefined && (
            <span className="figures">
              {t("alerts.value", { value: rate(alert.value), threshold: rate(alert.threshold) })}
            </span>
          )}
        </p>
        {cause && (
          <p className="m-0 mt-1 flex min-w-0 items-center gap-1.5 text-muted text-xs">
            {t("alerts.cause")} <Name text={cause} className="min-w-0" />
          </p>
        )}
        {expression && (
          <div className="mt-2 flex min-w-0 items-center gap-1 rounded-md bg-raised py-0.5 pr-1 pl-2.5">
            <code className="min-w-0 grow truncate font-mono text-xs">{expression}</code>
            <CopyButton text={expression} label={t("alerts.copyPromql")} />
          </div>
        )}
      </div>
      {isActive && <Advice advice={advice} />}
    </li>
  );
}

function When({ alert, isActive }: { alert: Alert; isActive: boolean }) {
  if (isActive) {
    return (
      <>
        {t("alerts.since", { time: timeOfDay(alert.since) })} · <Since at={alert.since} />
      </>
    );
  }
  const lasted = duration(Math.round((alert.resolved ?? alert.since) - alert.since));
  return <>{t("alerts.lasted", { from: timeOfDay(alert.since), to: timeOfDay(alert.resolved), lasted })}</>;
}

const LISTS: Record<string, string> = {
  pool: "/pools",
  worker: "/workers",
  component: "/components",
  circuit_breaker: "/breakers",
  stream: "/components",
  push: "/exporters",
};

/** Leads to the list that the subject stands in, filtered to it. */
function Subject({ alert }: { alert: Alert }) {
  const address = useAddress();
  const to = LISTS[alert.category];
  if (!to) return <Name text={alert.subject} className="max-w-60" />;
  const quoted = /\s/.test(alert.subject) ? `"${alert.subject}"` : alert.subject;
  return (
    <Link to={to} search={{ ...carried(address), q: quoted }} className="inline-flex max-w-60 text-ok">
      <Name text={alert.subject} />
    </Link>
  );
}

function Advice({ advice }: { advice: Recommendation | undefined }) {
  if (!advice) return <p className="m-0 self-center text-muted text-sm">{t("alerts.noAdvice")}</p>;
  return (
    <div className="min-w-0 border-line max-lg:border-t max-lg:pt-3 lg:border-l lg:pl-6">
      <p className="m-0 font-semibold">{advice.title || t("alerts.advice")}</p>
      <p className="wrap-anywhere m-0 mt-0.5 line-clamp-3 text-muted">
        <bdi>{advice.message}</bdi>
      </p>
      {advice.actions.length > 0 && (
        <ol className="m-0 mt-2 list-decimal pl-5 marker:text-muted">
          {advice.actions.map((action) => (
            <li key={action}>{action}</li>
          ))}
        </ol>
      )}
    </div>
  );
}
