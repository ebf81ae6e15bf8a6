import { useMemo } from "react";
import { column, type Samples, useHistory, useWindow } from "@/charts/history";
import { between } from "@/charts/rates";
import { slidingRate } from "@/live/rates";
import { useWorld } from "@/live/store";
import type { ComponentRow } from "@/live/world";
import { Age } from "@/parts/age";
import { Button, Chip } from "@/parts/button";
import { Card, Empty, ScreenTitle } from "@/parts/card";
import { type Column, DataTable } from "@/parts/data-table";
import { Filter } from "@/parts/filter";
import { LongText } from "@/parts/long-text";
import { kindOf, Mark, StateWord } from "@/parts/mark";
import { Name } from "@/parts/name";
import { Sparkline } from "@/parts/sparkline";
import { rangeSeconds } from "@/routes/search";
import { setAddress, useAddress, useRange } from "@/routes/use-search";
import { matcher, readQuery } from "@/rows/query";
import { integer, percent, rate } from "@/words/format";
import { t } from "@/words/translate";
import { Graph } from "./Graph";
import { Streams } from "./Streams";

const searchable = {
  fields: {
    name: (one: ComponentRow) => one.name,
    service: (one: ComponentRow) => one.service ?? "",
    type: (one: ComponentRow) => one.type,
    status: (one: ComponentRow) => one.status,
    rate: (one: ComponentRow) => one.items_per_second,
    err: (one: ComponentRow) => one.error_rate,
  },
  text: (one: ComponentRow) => `${one.name} ${one.service ?? ""} ${one.type} ${one.last_error ?? ""}`,
};

/** Every component with its health, and how they are wired. */
export function Components() {
  const components = useWorld((world) => world.components);
  const address = useAddress();
  const isFailing = address.state === "failing";
  const isTroubled = (one: ComponentRow) => !one.is_healthy || one.error_rate > 0.1;
  const found = useMemo(() => {
    const fits = matcher(readQuery(address.q ?? ""), searchable);
    return components.filter((one) => fits(one) && (!isFailing || !one.is_healthy || one.error_rate > 0.1));
  }, [components, address.q, isFailing]);
  const columns = useColumns();
  return (
    <div className="grid gap-4">
      <ScreenTitle title={t("nav.components")} about={integer(components.length)}>
        <Filter className="sm:w-72" placeholder={t("components.searchHint")} />
        <Chip
          isOn={isFailing}
          count={integer(components.filter(isTroubled).length)}
          onClick={() => setAddress({ state: isFailing ? undefined : "failing" })}
        >
          <Mark kind="bad" size={10} />
          {t("filter.failing")}
        </Chip>
      </ScreenTitle>
      <Card title={t("nav.components")} isFlush className="[&>div:first-child]:hidden">
        {components.length === 0 && <Empty title={t("empty.components")}>{t("empty.componentsHelp")}</Empty>}
        {components.length > 0 && found.length === 0 && (
          <Empty title={t("empty.noMatch")}>
            <Button onClick={() => setAddress({ q: undefined, state: undefined })}>{t("action.clearFilters")}</Button>
          </Empty>
        )}
        {found.length > 0 && (
          <DataTable
            label={t("nav.components")}
            columns={columns}
            rows={found}
            keyOf={(one) => one.key}
            sortDefault="-health"
            minWidth="min-w-260"
          />
        )}
      </Card>
      <Graph />
      <Streams />
    </div>
  );
}

function useColumns(): Column<ComponentRow>[] {
  const seconds = rangeSeconds(useRange());
  const samples = useHistory(
    "component",
    useMemo(() => [], []),
    seconds,
  );
  const { from, to } = useWindow(seconds);
  return useMemo(() => columnsOf(samples, from, to), [samples, from, to]);
}

const GRAVITY = { bad: 2, warn: 1, ok: 0, off: 0 };

function columnsOf(samples: Samples | null, from: number, to: number): Column<ComponentRow>[] {
  const times = samples?.times ?? [];
  return [
    {
      id: "health",
      title: t("column.status"),
      value: (one) => GRAVITY[kindOf(one.status)] + Math.min(0.9, one.error_rate),
      cell: (one) => <StateWord state={one.status} />,
      isNumber: false,
      className: "w-28",
    },
    {
      id: "name",
      title: t("column.component"),
      value: (one) => one.name,
      cell: (one) => (
        <span className="block min-w-32 max-w-64 py-1">
          <Name text={one.name} className="font-medium" />
          <Name
            isBlock
            text={[one.service, one.type].filter(Boolean).join(" · ") || t("component.expected")}
            className="text-muted text-xs leading-4"
          />
        </span>
      ),
    },
    {
      id: "processed",
      title: t("column.processed"),
      value: (one) => one.items_processed,
      cell: (one) => integer(one.items_processed),
      isNumber: true,
    },
    {
      id: "rate",
      title: t("column.itemsPerSecond"),
      value: (one) => one.items_per_second,
      cell: (one) => rate(one.items_per_second),
      isNumber: true,
    },
    {
      id: "spark",
      title: t("column.history"),
      cell: (one) => (
        <Sparkline
          values={between(times, slidingRate(times, column(samples, one.key, "items_processed"), 10), from, to)}
          height={24}
          className="w-30 text-ok"
        />
      ),
      className: "w-34",
    },
    {
      id: "errors",
      title: t("column.errorCount"),
      value: (one) => one.errors,
      cell: (one) => integer(one.errors),
      isNumber: true,
    },
    {
      id: "err",
      title: t("column.errorRate"),
      value: (one) => one.error_rate,
      cell: (one) => (
        <span className={one.error_rate > 0.1 ? "font-medium text-bad" : ""}>{percent(one.error_rate)}</span>
      ),
      isNumber: true,
    },
    {
      id: "activity",
      title: t("column.lastActivity"),
      value: (one) => one.last_activity,
      cell: (one) => <Age at={one.last_activity} />,
      isNumber: true,
    },
    {
      id: "error",
      title: t("column.lastError"),
      cell: (one) => (
        <div className="max-w-96 min-w-40 py-1">{one.last_error ? <LongText text={one.last_error} /> : "–"}</div>
      ),
    },
  ];
}
