import { ExternalLink } from "lucide-react";
import { useMemo } from "react";
import type { Span } from "@/api";
import { useWorld } from "@/live/store";
import { Age } from "@/parts/age";
import { Button, CopyButton } from "@/parts/button";
import { Card, Empty, ScreenTitle } from "@/parts/card";
import { type Column, DataTable } from "@/parts/data-table";
import { Filter } from "@/parts/filter";
import { LongText } from "@/parts/long-text";
import { Name } from "@/parts/name";
import { Tile } from "@/parts/tile";
import { setAddress, useAddress } from "@/routes/use-search";
import { matcher, readQuery } from "@/rows/query";
import { compact, duration, integer, rate } from "@/words/format";
import { t } from "@/words/translate";

const searchable = {
  fields: {
    name: (span: Span) => span.name,
    service: (span: Span) => span.service,
    instance: (span: Span) => span.instance,
    trace: (span: Span) => span.trace_id,
    duration: (span: Span) => span.duration_seconds,
  },
  text: (span: Span) => `${span.name} ${span.service} ${span.trace_id} ${span.message}`,
};

/** Totals, and the last slow and failed spans. */
export function Traces() {
  const traces = useWorld((world) => world.traces);
  const address = useAddress();
  const fits = useMemo(() => matcher(readQuery(address.q ?? ""), searchable), [address.q]);
  return (
    <div className="grid gap-4">
      <ScreenTitle title={t("nav.traces")}>
        <Filter className="sm:w-72" placeholder={t("traces.searchHint")} />
      </ScreenTitle>
      <div className="grid grid-cols-2 gap-4 lg:grid-cols-4">
        <Tile label={t("traces.total")} value={compact(traces?.total_traces)} />
        <Tile label={t("traces.rate")} value={rate(traces?.traces_per_second)} unit={t("unit.perSecond")} />
        <Tile label={t("traces.active")} value={integer(traces?.active_spans)} />
        <Tile label={t("traces.spans")} value={compact(traces?.total_spans)} />
      </div>
      {address.state !== "failing" && (
        <Spans
          title={t("traces.slow")}
          spans={traces?.slow ?? []}
          fits={fits}
          empty={t("empty.slow")}
          isFailed={false}
        />
      )}
      <Spans title={t("traces.failed")} spans={traces?.failed ?? []} fits={fits} empty={t("empty.failed")} isFailed />
    </div>
  );
}

function Spans(props: {
  title: string;
  spans: readonly Span[];
  fits: (span: Span) => boolean;
  empty: string;
  isFailed: boolean;
}) {
  const { title, spans, fits, empty, isFailed } = props;
  const found = useMemo(() => spans.filter(fits), [spans, fits]);
  return (
    <Card title={title} isFlush side={<span className="figures">{integer(found.length)}</span>}>
      {spans.length === 0 && <Empty title={empty}>{t("empty.spansHelp")}</Empty>}
      {spans.length > 0 && found.length === 0 && (
        <Empty title={t("empty.noMatch")}>
          <Button onClick={() => setAddress({ q: undefined })}>{t("action.clearFilters")}</Button>
        </Empty>
      )}
      {found.length > 0 && (
        <DataTable
          label={title}
          columns={columns(isFailed)}
          rows={found}
          keyOf={(span) => span.key}
          sortDefault="-start"
          minWidth="min-w-200"
          maxHeight="max-h-112"
        />
      )}
    </Card>
  );
}

function columns(isFailed: boolean): Column<Span>[] {
  const message: Column<Span> = {
    id: "message",
    title: t("column.message"),
    value: (span) => span.message,
    cell: (span) => <div className="min-w-48 py-1">{span.message ? <LongText text={span.message} /> : "–"}</div>,
  };
  return [
    {
      id: "span",
      title: t("column.span"),
      value: (span) => span.name,
      cell: (span) => (
        <span className="block min-w-40 max-w-80 py-1">
          <Name text={span.name} className="font-medium" />
          <Name isBlock text={`${span.service} · ${span.instance}`} className="text-muted text-xs leading-4" />
        </span>
      ),
    },
    {
      id: "duration",
      title: t("column.duration"),
      value: (span) => span.duration_seconds,
      cell: (span) => duration(span.duration_seconds),
      isNumber: true,
      className: "w-28",
    },
    {
      id: "start",
      title: t("column.started"),
      value: (span) => span.start,
      cell: (span) => <Age at={span.start} />,
      isNumber: true,
      className: "w-36",
    },
    ...(isFailed ? [message] : []),
    { id: "trace", title: t("column.trace"), cell: (span) => <Trace span={span} />, className: "w-80" },
  ];
}

function Trace({ span }: { span: Span }) {
  return (
    <span className="flex items-center gap-1">
      {span.link ? (
        <a href={span.link} target="_blank" rel="noreferrer" className="inline-flex min-w-0 items-center gap-1 text-ok">
          <Name text={span.trace_id} isCode /> <ExternalLink size={13} aria-label={t("traces.open")} />
        </a>
      ) : (
        <Name text={span.trace_id} isCode />
      )}
      <CopyButton text={span.trace_id} label={t("traces.copyId")} />
    </span>
  );
}
