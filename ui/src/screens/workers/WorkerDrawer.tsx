import { ExternalLink } from "lucide-react";
import type { ReactNode } from "react";
import { useView } from "@/live/store";
import type { WorkerRow } from "@/live/world";
import { Age, Since } from "@/parts/age";
import { CopyButton } from "@/parts/button";
import { Empty } from "@/parts/card";
import { Dialog } from "@/parts/dialog";
import { StateWord } from "@/parts/mark";
import { Name } from "@/parts/name";
import { Link } from "@/routes/Link";
import { carried, setAddress, useAddress } from "@/routes/use-search";
import { errorRate, workerWarning } from "@/rows/worker-rows";
import { bytes, integer, percent, rate } from "@/words/format";
import { type Key, t } from "@/words/translate";
import { WorkerCharts } from "./WorkerCharts";

/** All about one worker, over whatever screen it was opened from. */
export function WorkerDrawer() {
  const wanted = useAddress().w ?? "";
  const row = useView((view) => view.world?.workers.find((one) => one.key === wanted || one.name === wanted) ?? null);
  const hasWorld = useView((view) => view.world !== null);
  const close = () => setAddress({ w: undefined });
  if (!hasWorld) return null;
  return (
    <Dialog
      place="right"
      label={t("worker.title")}
      title={<Name text={row?.name ?? wanted} isCode className="text-base" />}
      onClose={close}
    >
      <div className="grid min-h-0 content-start gap-5 overflow-y-auto p-5">
        {row ? <About row={row} /> : <Empty title={t("worker.gone")}>{t("worker.goneHelp")}</Empty>}
      </div>
    </Dialog>
  );
}

function About({ row }: { row: WorkerRow }) {
  const address = useAddress();
  const warning = workerWarning(row);
  const pool = useView((view) =>
    view.world?.pools.find((one) => one.name === row.pool && one.instance === row.instance),
  );
  return (
    <>
      <dl className="m-0 grid grid-cols-2 gap-x-6 sm:grid-cols-3">
        <Fact title={t("column.state")}>
          <StateWord state={row.state} kind={row.stale ? "bad" : undefined} />
        </Fact>
        <Fact title={t("worker.stateSince")}>
          <Since at={row.seen_at - row.state_age_seconds} />
        </Fact>
        <Fact title={t("column.warn")}>{warning ? t(`warn.${warning}` as Key) : t("warn.none")}</Fact>
        <Fact title={t("column.requests")}>{integer(row.requests)}</Fact>
        <Fact title={t("column.rate")}>{rate(row.requests_per_second)}</Fact>
        <Fact title={t("column.errors")}>
          {percent(errorRate(row))} <span className="text-muted">({integer(row.errors)})</span>
        </Fact>
        <Fact title={t("column.rss")}>{bytes(row.memory_rss_bytes)}</Fact>
        <Fact title={t("column.heap")}>{bytes(row.memory_heap_used_bytes)}</Fact>
        <Fact title={t("column.uptime")}>
          {row.uptime_seconds === null || row.uptime_seconds === undefined ? (
            "–"
          ) : (
            <Since at={row.seen_at - row.uptime_seconds} />
          )}
        </Fact>
        <Fact title={t("worker.progress")}>
          <Age at={row.seen_at - row.progress_age_seconds} />
        </Fact>
        <Fact title={t("column.app")}>
          <Name text={row.app} />
        </Fact>
        <Fact title={t("column.pool")}>
          {pool ? (
            <Link
              to="/pools/$id"
              params={{ id: pool.key }}
              search={carried(address)}
              className="inline-block max-w-full text-ok"
            >
              <Name text={row.pool} />
            </Link>
          ) : (
            <Name text={row.pool} />
          )}
        </Fact>
        <Fact title={t("column.service")}>
          <Name text={row.service} />
        </Fact>
        <Fact title={t("column.instance")}>
          <Name text={row.instance} />
        </Fact>
        <Fact title={t("column.environment")}>
          <Name text={row.environment ?? ""} />
        </Fact>
      </dl>
      {row.link && (
        <a href={row.link} target="_blank" rel="noreferrer" className="inline-flex items-center gap-1.5 text-ok">
          <ExternalLink size={14} aria-hidden="true" /> {t("worker.link")}
        </a>
      )}
      <WorkerCharts row={row} />
      <Raw row={row} />
    </>
  );
}

export function Fact({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="min-w-0 border-line border-b py-2">
      <dt className="text-muted text-xs">{title}</dt>
      <dd className="figures m-0 mt-0.5 min-w-0 truncate font-medium">{children}</dd>
    </div>
  );
}

function Raw({ row }: { row: WorkerRow }) {
  const { seen_at, requests_per_second, recent_error_rate, ...raw } = row;
  const text = JSON.stringify(raw, null, 2);
  return (
    <details className="panel">
      <summary className="px-4 py-2.5 font-semibold">{t("worker.raw")}</summary>
      <div className="relative border-line border-t">
        <div className="absolute top-1 right-2">
          <CopyButton text={text} label={t("action.copy")} />
        </div>
        <pre
          tabIndex={0}
          className="wrap-anywhere m-0 max-h-80 overflow-auto whitespace-pre-wrap p-4 font-mono text-xs"
        >
          {text}
        </pre>
      </div>
    </details>
  );
}
