import { useMemo } from "react";
import type { Pool } from "@/api";
import { column, type Samples, useHistory, useWindow } from "@/charts/history";
import { between } from "@/charts/rates";
import { useWorld } from "@/live/store";
import { Button, Chip } from "@/parts/button";
import { Card, Empty, ScreenTitle } from "@/parts/card";
import { type Column, DataTable } from "@/parts/data-table";
import { Filter } from "@/parts/filter";
import { Mark } from "@/parts/mark";
import { Meter } from "@/parts/meter";
import { Name } from "@/parts/name";
import { Sparkline } from "@/parts/sparkline";
import { go } from "@/routes/address";
import { rangeSeconds } from "@/routes/search";
import { carried, setAddress, useAddress, useRange } from "@/routes/use-search";
import { matcher, readQuery } from "@/rows/query";
import { duration, integer, percent } from "@/words/format";
import { t } from "@/words/translate";
import { timeToFull } from "./time-to-full";

export const SATURATED = 0.9;

const searchable = {
  fields: {
    name: (pool: Pool) => pool.name,
    service: (pool: Pool) => pool.service,
    utilization: (pool: Pool) => pool.utilization,
    active: (pool: Pool) => pool.active,
    pending: (pool: Pool) => pool.pending,
  },
  text: (pool: Pool) => `${pool.name} ${pool.service} ${pool.instance}`,
};

/** Every pool, the fullest first. */
export function Pools() {
  const pools = useWorld((world) => world.pools);
  const address = useAddress();
  const isFailing = address.state === "failing";
  const found = useMemo(() => {
    const fits = matcher(readQuery(address.q ?? ""), searchable);
    return pools.filter((pool) => fits(pool) && (!isFailing || pool.utilization > SATURATED));
  }, [pools, address.q, isFailing]);
  const columns = useColumns();
  const saturated = pools.filter((pool) => pool.utilization > SATURATED).length;
  return (
    <div className="grid gap-4">
      <ScreenTitle title={t("nav.pools")} about={integer(pools.length)}>
        <Filter className="sm:w-72" placeholder={t("pools.searchHint")} />
        <Chip
          isOn={isFailing}
          count={integer(saturated)}
          onClick={() => setAddress({ state: isFailing ? undefined : "failing" })}
        >
          <Mark kind="warn" size={10} />
          {t("badge.saturated")}
        </Chip>
      </ScreenTitle>
      <Card title={t("nav.pools")} isFlush className="[&>div:first-child]:hidden">
        {pools.length === 0 && <Empty title={t("empty.pools")}>{t("empty.poolsHelp")}</Empty>}
        {pools.length > 0 && found.length === 0 && (
          <Empty title={t("empty.noMatch")}>
            <Button onClick={() => setAddress({ q: undefined, state: undefined })}>{t("action.clearFilters")}</Button>
          </Empty>
        )}
        {found.length > 0 && (
          <DataTable
            label={t("nav.pools")}
            columns={columns}
            rows={found}
            keyOf={(pool) => pool.key}
            sortDefault="-utilization"
            minWidth="min-w-220"
            onOpen={(pool) => go({ to: "/pools/$id", params: { id: pool.key }, search: carried(address) }, "push")}
          />
        )}
      </Card>
    </div>
  );
}

function useColumns(): Column<Pool>[] {
  const seconds = rangeSeconds(useRange());
  const samples = useHistory(
    "pool",
    useMemo(() => [], []),
    seconds,
  );
  const { from, to } = useWindow(seconds);
  return useMemo(() => columnsOf(samples, from, to), [samples, from, to]);
}

function columnsOf(samples: Samples | null, from: number, to: number): Column<Pool>[] {
  const times = samples?.times ?? [];
  const full = (pool: Pool) => timeToFull(times, column(samples, pool.key, "utilization"));
  const count = (id: "active" | "idle" | "creating" | "total" | "pending" | "size"): Column<Pool> => ({
    id,
    title: t(`column.${id}`),
    value: (pool) => pool[id],
    cell: (pool) => integer(pool[id]),
    isNumber: true,
  });
  return [
    { id: "name", title: t("column.pool"), value: (pool) => pool.name, cell: (pool) => <PoolName pool={pool} /> },
    {
      id: "utilization",
      title: t("column.utilization"),
      value: (pool) => pool.utilization,
      cell: (pool) => <Utilization pool={pool} />,
      className: "w-52",
    },
    count("active"),
    count("idle"),
    count("creating"),
    count("total"),
    count("size"),
    count("pending"),
    {
      id: "full",
      title: t("column.timeToFull"),
      value: full,
      cell: (pool) => fullText(full(pool)),
      isNumber: true,
    },
    {
      id: "spark",
      title: t("column.history"),
      cell: (pool) => (
        <Sparkline
          values={between(times, column(samples, pool.key, "utilization"), from, to)}
          max={1}
          height={24}
          className={`w-30 ${pool.utilization > SATURATED ? "text-warn" : "text-ok"}`}
        />
      ),
      className: "w-34",
    },
  ];
}

export function fullText(seconds: number | null): string {
  if (seconds === null) return "–";
  return seconds === 0 ? t("pool.full") : `~ ${duration(Math.round(seconds))}`;
}

function PoolName({ pool }: { pool: Pool }) {
  return (
    <span className="block min-w-32 max-w-72 py-1">
      <Name text={pool.name} className="font-medium" />
      <Name isBlock text={pool.service} className="text-muted text-xs leading-4" />
    </span>
  );
}

function Utilization({ pool }: { pool: Pool }) {
  return (
    <span className="flex items-center gap-3">
      <Meter
        share={pool.utilization}
        kind={pool.utilization > SATURATED ? "warn" : "ok"}
        threshold={SATURATED}
        label={t("pool.utilizationOf", { pool: pool.name.slice(0, 80) })}
        className="grow"
      />
      <span className="figures w-12 text-right font-medium">{percent(pool.utilization)}</span>
    </span>
  );
}
