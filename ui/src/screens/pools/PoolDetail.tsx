import { ChevronLeft } from "lucide-react";
import { useMemo } from "react";
import type { Pool } from "@/api";
import { Chart } from "@/charts/Chart";
import { column, useHistory, useWindow } from "@/charts/history";
import { useWorld } from "@/live/store";
import { Card, Empty, ScreenTitle } from "@/parts/card";
import { PartBar } from "@/parts/meter";
import { Name } from "@/parts/name";
import { Tile } from "@/parts/tile";
import { Link } from "@/routes/Link";
import { usePathId } from "@/routes/screens";
import { rangeSeconds } from "@/routes/search";
import { carried, useAddress, useRange } from "@/routes/use-search";
import { integer, percent } from "@/words/format";
import { t } from "@/words/translate";
import { fullText, SATURATED } from "./Pools";
import { timeToFull } from "./time-to-full";

/** One pool over time, and who uses it. */
export function PoolDetail() {
  const id = usePathId();
  const pool = useWorld((world) => world.pools.find((one) => one.key === id || one.name === id) ?? null);
  const address = useAddress();
  return (
    <div className="grid gap-4">
      <Link
        to="/pools"
        search={carried(address)}
        className="-mb-2 inline-flex min-h-6 w-fit items-center gap-1 text-ok"
      >
        <ChevronLeft size={15} aria-hidden="true" /> {t("nav.pools")}
      </Link>
      {pool ? (
        <Detail pool={pool} />
      ) : (
        <div className="panel">
          <Empty title={t("pool.gone")}>{t("pool.goneHelp")}</Empty>
        </div>
      )}
    </div>
  );
}

function Detail({ pool }: { pool: Pool }) {
  const seconds = rangeSeconds(useRange());
  const samples = useHistory(
    "pool",
    useMemo(() => [pool.key], [pool.key]),
    seconds,
  );
  const restarts = useWorld((world) => world.restarts);
  const { from, to } = useWindow(seconds);
  const of = (field: string) => column(samples, pool.key, field);
  const times = samples?.times ?? [];
  const full = timeToFull(times, of("utilization"));
  const shared = { times, from, to, marks: restarts };
  const size = times.map(() => pool.size ?? null);
  return (
    <>
      <ScreenTitle title={pool.name.slice(0, 120)} about={<Name text={`${pool.service} · ${pool.instance}`} />} />
      <div className="grid grid-cols-2 gap-4 md:grid-cols-3 xl:grid-cols-6">
        <Tile
          label={t("column.utilization")}
          value={percent(pool.utilization)}
          kind={pool.utilization > SATURATED ? "warn" : "ok"}
          note={t("pool.activeOf", { active: integer(pool.active), size: integer(pool.size ?? pool.total) })}
        />
        <Tile label={t("column.active")} value={integer(pool.active)} />
        <Tile label={t("column.idle")} value={integer(pool.idle)} />
        <Tile label={t("column.creating")} value={integer(pool.creating)} />
        <Tile label={t("column.pending")} value={integer(pool.pending)} />
        <Tile label={t("column.timeToFull")} value={fullText(full)} note={t("pool.timeToFullNote")} />
      </div>
      <Chart
        title={t("column.utilization")}
        {...shared}
        format={percent}
        max={1}
        height={220}
        lines={[
          { label: t("column.utilization"), values: of("utilization"), color: 1, isArea: true },
          {
            label: t("badge.saturated"),
            values: times.map(() => SATURATED),
            color: "warn",
            isDashed: true,
            isArea: false,
          },
        ]}
      />
      <Chart
        title={t("pool.workers")}
        {...shared}
        format={integer}
        isStacked
        height={220}
        lines={[
          { label: t("column.active"), values: of("active"), color: "ok" },
          { label: t("column.creating"), values: of("creating"), color: "warn" },
          { label: t("column.idle"), values: of("idle"), color: "off" },
          { label: t("column.size"), values: size, color: 2, isDashed: true, isArea: false },
        ]}
      />
      <Apps pool={pool} />
    </>
  );
}

function Apps({ pool }: { pool: Pool }) {
  const workers = useWorld((world) => world.workers);
  const address = useAddress();
  const apps = useMemo(() => {
    const byApp = new Map<string, { total: number; active: number; creating: number }>();
    for (const row of workers) {
      if (row.pool !== pool.name || row.instance !== pool.instance) continue;
      const app = byApp.get(row.app) ?? { total: 0, active: 0, creating: 0 };
      app.total += 1;
      if (row.state === "active" || row.state === "ephemeral") app.active += 1;
      if (row.state === "creating") app.creating += 1;
      byApp.set(row.app, app);
    }
    return [...byApp].sort(([one, a], [other, b]) => b.total - a.total || (one < other ? -1 : 1));
  }, [workers, pool.name, pool.instance]);
  const most = Math.max(1, ...apps.map(([, app]) => app.total));
  const quoted = (name: string) => (/\s/.test(name) ? `"${name}"` : name);
  return (
    <Card title={t("pool.byApp")} isFlush>
      {apps.length === 0 ? (
        <Empty title={t("pool.noWorkers")}>{t("pool.noWorkersHelp")}</Empty>
      ) : (
        <ul className="m-0 list-none p-0">
          {apps.map(([name, app]) => (
            <li key={name}>
              <Link
                to="/workers"
                search={{ ...carried(address), q: `pool:${quoted(pool.name)} app:${quoted(name)}` }}
                className="grid min-h-11 grid-cols-[minmax(0,1fr)_minmax(90px,2fr)_150px] items-center gap-4 border-line border-t px-4 py-1.5 text-text no-underline hover:bg-raised/60"
              >
                <Name text={name || t("workers.noApp")} className="font-medium" />
                <span style={{ width: `${(app.total / most) * 100}%` }}>
                  <PartBar
                    label={name.slice(0, 80)}
                    total={app.total}
                    parts={[
                      { key: "active", text: t("column.active"), count: app.active, fill: "bg-ok" },
                      { key: "creating", text: t("column.creating"), count: app.creating, fill: "bg-warn" },
                    ]}
                  />
                </span>
                <span className="figures text-right text-muted">
                  {t("pool.activeOf", { active: integer(app.active), size: integer(app.total) })}
                </span>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
