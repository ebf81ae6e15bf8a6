import { Download } from "lucide-react";
import { useDeferredValue, useMemo } from "react";
import { useWorld } from "@/live/store";
import type { WorkerRow } from "@/live/world";
import { Button, Chip, Segments } from "@/parts/button";
import { Card, Empty, ScreenTitle } from "@/parts/card";
import { Filter } from "@/parts/filter";
import { kindOf, Mark } from "@/parts/mark";
import { setAddress, useAddress } from "@/routes/use-search";
import { readQuery } from "@/rows/query";
import { readSort, sortRows } from "@/rows/sort";
import { filterWorkers, problemCount } from "@/rows/worker-rows";
import { countStates } from "@/screens/overview/WorkerMap";
import { integer } from "@/words/format";
import { t, word } from "@/words/translate";
import { WORKER_COLUMNS } from "./columns";
import { download } from "./download";
import { groupRows } from "./groups";
import { useHeldOrder } from "./held-order";
import { WorkerTable } from "./WorkerTable";

const SORT_DEFAULT = "-warn";

/** Every worker: filtered, sorted, grouped, smooth with 10,000. */
export function Workers() {
  const workers = useWorld((world) => world.workers);
  const address = useAddress();
  const query = useDeferredValue(address.q ?? "");
  const states = useMemo(() => new Set((address.state ?? "").split(",").filter(Boolean)), [address.state]);
  const searched = useMemo(() => filterWorkers(workers, readQuery(query), new Set()), [workers, query]);
  const filtered = useMemo(() => filterWorkers(searched, [], states), [searched, states]);
  const sort = readSort(address.sort, SORT_DEFAULT, WORKER_COLUMNS);
  const sorted = useMemo(() => {
    const column = WORKER_COLUMNS.find((one) => one.id === sort.id);
    return column?.value ? sortRows(filtered, column.value, keyOf, sort.isDescending) : filtered;
  }, [filtered, sort.id, sort.isDescending]);
  const held = useHeldOrder(sorted, `${query} ${address.state} ${address.sort} ${address.group}`);
  const isGrouped = address.group === "app";
  const lines = useMemo(() => groupRows(held.rows, isGrouped), [held.rows, isGrouped]);
  return (
    <div className="flex min-h-0 flex-col gap-3 md:h-[calc(100dvh-53px-52px)]">
      <ScreenTitle
        title={t("nav.workers")}
        about={t("workers.about", { shown: integer(filtered.length), total: integer(workers.length) })}
      >
        <Segments
          label={t("workers.group")}
          value={isGrouped ? "app" : "none"}
          choices={[
            { value: "none", text: t("workers.flat") },
            { value: "app", text: t("workers.byApp") },
          ]}
          onChange={(value) => setAddress({ group: value === "app" ? "app" : undefined })}
        />
        <Button onClick={() => download("csv", sorted)} title={t("workers.downloadHint")}>
          <Download size={14} aria-hidden="true" /> CSV
        </Button>
        <Button onClick={() => download("json", sorted)} title={t("workers.downloadHint")}>
          <Download size={14} aria-hidden="true" /> JSON
        </Button>
      </ScreenTitle>
      <div className="flex flex-wrap items-center gap-2">
        <Filter placeholder={t("workers.searchHint")} className="sm:w-80" />
        <StateChips rows={searched} states={states} />
        {held.isHeld && <span className="text-muted text-xs">{t("workers.held")}</span>}
      </div>
      <WorkerCard lines={lines} total={workers.length} sort={sort} hold={held.hold} />
    </div>
  );
}

const keyOf = (row: WorkerRow) => row.key;

function WorkerCard(props: {
  lines: ReturnType<typeof groupRows>;
  total: number;
  sort: { id: string; isDescending: boolean };
  hold: (isHeld: boolean) => void;
}) {
  const { lines, total, sort, hold } = props;
  if (total === 0) {
    return (
      <Card title={t("nav.workers")}>
        <Empty title={t("empty.workers")}>{t("empty.workersHelp")}</Empty>
      </Card>
    );
  }
  if (lines.length === 0) {
    return (
      <div className="panel">
        <Empty title={t("empty.noMatch")}>
          <Button onClick={() => setAddress({ q: undefined, state: undefined })}>{t("action.clearFilters")}</Button>
        </Empty>
      </div>
    );
  }
  return <WorkerTable lines={lines} sort={sort} sortDefault={SORT_DEFAULT} hold={hold} />;
}

function StateChips({ rows, states }: { rows: readonly WorkerRow[]; states: ReadonlySet<string> }) {
  const counts = useMemo(() => {
    const known = countStates(rows);
    for (const state of states) if (state !== "failing" && !known.has(state)) known.set(state, 0);
    return known;
  }, [rows, states]);
  const problems = problemCount(rows);
  const toggle = (state: string) => {
    const next = new Set(states);
    if (!next.delete(state)) next.add(state);
    setAddress({ state: [...next].join(",") || undefined });
  };
  return (
    <div className="flex flex-wrap gap-1.5">
      <Chip isOn={states.has("failing")} onClick={() => toggle("failing")} count={integer(problems)}>
        <Mark kind="bad" size={10} />
        {t("filter.failing")}
      </Chip>
      {[...counts].map(([state, count]) => (
        <Chip key={state} isOn={states.has(state)} onClick={() => toggle(state)} count={integer(count)}>
          <Mark kind={kindOf(state)} size={10} />
          {word("state", state)}
        </Chip>
      ))}
    </div>
  );
}
