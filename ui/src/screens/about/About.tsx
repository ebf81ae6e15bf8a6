import { useEffect, useState } from "react";
import { type About as AboutFacts, get, type Refusal, ROOT } from "@/api";
import { Since } from "@/parts/age";
import { Button, CopyButton } from "@/parts/button";
import { Card, Empty, ScreenTitle } from "@/parts/card";
import { Mark } from "@/parts/mark";
import { Name } from "@/parts/name";
import { Fact } from "@/screens/workers/WorkerDrawer";
import { integer, timeOfDay } from "@/words/format";
import { t } from "@/words/translate";
import { yamlLines } from "./yaml";

/** Who answers, with what configuration, and where everything stands. */
export function About() {
  const [facts, setFacts] = useState<AboutFacts | null>(null);
  const [failure, setFailure] = useState("");
  const [tries, setTries] = useState(0);
  useEffect(() => {
    void tries;
    const abort = new AbortController();
    get<AboutFacts>("about", abort.signal)
      .then((answer) => {
        setFacts(answer);
        setFailure("");
      })
      .catch((error: Refusal) => {
        if (!abort.signal.aborted) setFailure(error.message);
      });
    return () => abort.abort();
  }, [tries]);
  return (
    <div className="grid gap-4">
      <ScreenTitle title={t("nav.about")} />
      {facts && <Facts facts={facts} />}
      {failure && (
        <div className="panel">
          <Empty title={t("about.failed")}>
            <p className="m-0 mb-4">{failure}</p>
            <Button onClick={() => setTries(tries + 1)}>{t("action.retry")}</Button>
          </Empty>
        </div>
      )}
    </div>
  );
}

function Facts({ facts }: { facts: AboutFacts }) {
  return (
    <>
      <Card title={facts.name} side={`${t("about.license")} ${facts.license}`}>
        <dl className="m-0 grid grid-cols-2 gap-x-6 md:grid-cols-4">
          <Fact title={t("about.version")}>{facts.version}</Fact>
          <Fact title={t("column.uptime")}>
            <Since at={facts.timestamp - facts.uptime_seconds} />
          </Fact>
          <Fact title={t("about.run")}>
            <Name text={facts.run_id} isCode />
          </Fact>
          <Fact title={t("about.endpoint")}>
            <Name text={facts.endpoint} />
          </Fact>
          <Fact title={t("about.series")}>{integer(facts.series)}</Fact>
          <Fact title={t("about.overflowed")}>{integer(facts.series_overflowed)}</Fact>
          <Fact title={t("about.clients")}>{integer(facts.sse_clients)}</Fact>
          <Fact title={t("about.base")}>
            <Name text={facts.base} isCode />
          </Fact>
        </dl>
      </Card>
      <Troubles facts={facts} />
      <Endpoints base={facts.base} />
      <Configuration config={facts.config} />
      <Card title={t("about.limits")} isFlush>
        <dl className="m-0 grid sm:grid-cols-2 lg:grid-cols-3">
          {Object.entries(facts.limits as Record<string, number>).map(([name, value]) => (
            <div key={name} className="flex min-h-9 items-center justify-between gap-4 border-line border-t px-4">
              <dt className="min-w-0 truncate font-mono text-muted text-xs">{name}</dt>
              <dd className="figures m-0">{integer(value)}</dd>
            </div>
          ))}
        </dl>
      </Card>
      <Card title={t("about.licenses")}>
        <p className="m-0 text-muted">
          {t("about.licensesHelp")}{" "}
          <a href="licenses.txt" className="text-ok underline">
            licenses.txt
          </a>
        </p>
      </Card>
    </>
  );
}

/** What is worth knowing and shows nowhere else: a refused reload, names with two types, points that could not be read. */
function Troubles({ facts }: { facts: AboutFacts }) {
  const points = Object.entries(facts.unreadable_points as Record<string, number>).filter(([, count]) => count > 0);
  const refused = facts.config_refused;
  if (!refused && points.length === 0 && facts.conflicts.length === 0) return null;
  const row = "flex min-h-9 items-center gap-2.5 border-line border-t px-4 py-1.5";
  return (
    <Card title={t("about.troubles")} isFlush>
      <ul className="m-0 list-none p-0">
        {refused && (
          <li className={row}>
            <Mark kind="bad" />
            <span className="wrap-anywhere">
              {t("about.configRefused", { time: timeOfDay(refused.at) })} {refused.error}
            </span>
          </li>
        )}
        {facts.conflicts.map((one) => (
          <li key={one.name} className={row}>
            <Mark kind="warn" />
            <span className="wrap-anywhere">
              {t("about.conflict", { name: one.name, kept: one.kept_type, dropped: one.dropped_type })}
            </span>
          </li>
        ))}
        {points.map(([reason, count]) => (
          <li key={reason} className={row}>
            <Mark kind="warn" />
            {t("about.unreadable", { count: integer(count), reason: reason.replaceAll("_", " ") })}
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Endpoints({ base }: { base: string }) {
  const root = location.origin + ROOT.replace(/\/$/, "");
  const commands = [
    ["about.health", `curl -s ${root}/health`],
    ["about.prometheus", `curl -s ${root}/metrics`],
    ["about.json", `curl -s ${root}/metrics/json`],
    ["about.snapshot", `curl -s ${root}/api/v1/snapshot`],
    ["about.stream", `curl -sN ${root}/api/v1/stream`],
    ["about.pool", `curl -s ${root}${base}/api/metrics/`],
    ["about.openapi", `curl -s ${root}/openapi.json`],
    ["about.ready", `curl -s "${root}/readyz?verbose"`],
  ] as const;
  return (
    <Card title={t("about.endpoints")} isFlush>
      <ul className="m-0 list-none p-0">
        {commands.map(([title, command]) => (
          <li
            key={title}
            className="grid min-h-10 items-center gap-x-4 border-line border-t px-4 py-1 sm:grid-cols-[200px_minmax(0,1fr)_auto] max-sm:grid-cols-[minmax(0,1fr)_auto]"
          >
            <span className="max-sm:col-span-2 max-sm:text-muted max-sm:text-xs">{t(title)}</span>
            <code className="min-w-0 truncate font-mono text-xs">{command}</code>
            <CopyButton text={command} label={t("action.copy")} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Configuration({ config }: { config: unknown }) {
  const text = yamlLines(config).join("\n");
  return (
    <Card title={t("about.config")} isFlush side={<CopyButton text={text} label={t("action.copy")} />}>
      <pre tabIndex={0} className="m-0 max-h-120 overflow-auto border-line border-t p-4 font-mono text-xs leading-5">
        {text}
      </pre>
    </Card>
  );
}
