import { useMemo } from "react";
import type { ExporterSignal } from "@/api";
import { useNow, useWorld } from "@/live/store";
import type { ExporterRow } from "@/live/world";
import { Age } from "@/parts/age";
import { Chip } from "@/parts/button";
import { Card, Empty, ScreenTitle } from "@/parts/card";
import { LongText } from "@/parts/long-text";
import { kindOf, Mark, StatePill, StateWord } from "@/parts/mark";
import { Meter } from "@/parts/meter";
import { Name } from "@/parts/name";
import { setAddress, useAddress } from "@/routes/use-search";
import { Fact } from "@/screens/workers/WorkerDrawer";
import { bytes, integer, percent } from "@/words/format";
import { t, word } from "@/words/translate";

/** Every push destination with its books, by signal. */
export function Exporters() {
  const exporters = useWorld((world) => world.exporters);
  const address = useAddress();
  const isFailing = address.state === "failing";
  const found = useMemo(
    () =>
      exporters
        .filter((one) => !isFailing || one.state !== "ok")
        .sort(
          (one, other) => Number(one.state === "ok") - Number(other.state === "ok") || (one.name < other.name ? -1 : 1),
        ),
    [exporters, isFailing],
  );
  return (
    <div className="grid gap-4">
      <ScreenTitle title={t("nav.exporters")} about={integer(exporters.length)}>
        <Chip
          isOn={isFailing}
          count={integer(exporters.filter((one) => one.state !== "ok").length)}
          onClick={() => setAddress({ state: isFailing ? undefined : "failing" })}
        >
          <Mark kind="warn" size={10} />
          {t("filter.failing")}
        </Chip>
      </ScreenTitle>
      {found.map((one) => (
        <Exporter key={one.key} exporter={one} />
      ))}
      {found.length === 0 && (
        <div className="panel">
          {exporters.length === 0 ? (
            <Empty title={t("empty.exporters")}>{t("empty.exportersHelp")}</Empty>
          ) : (
            <Empty title={t("empty.noMatch")} />
          )}
        </div>
      )}
    </div>
  );
}

function Exporter({ exporter }: { exporter: ExporterRow }) {
  const share = exporter.queue_bytes / Math.max(1, exporter.queue_bytes_max);
  return (
    <Card
      title={<Name text={exporter.name} />}
      side={<StatePill kind={kindOf(exporter.state)} text={word("state", exporter.state)} />}
      isFlush
    >
      <div className="grid gap-x-8 px-4 pb-3 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <dl className="m-0 grid grid-cols-2 gap-x-6 sm:grid-cols-3">
          <Fact title={t("exporter.endpoint")}>
            <Name text={exporter.endpoint} isCode />
          </Fact>
          <Fact title={t("exporter.protocol")}>{exporter.protocol}</Fact>
          <Fact title={t("exporter.breaker")}>
            <StateWord state={exporter.breaker} />
          </Fact>
          <Fact title={t("exporter.inFlight")}>{integer(exporter.in_flight)}</Fact>
          <Fact title={t("exporter.lastSuccess")}>
            <Age at={exporter.last_success} />
          </Fact>
          <Fact title={t("exporter.nextTry")}>
            <Countdown exporter={exporter} />
          </Fact>
        </dl>
        <div className="min-w-0 py-2">
          <div className="figures mb-1.5 flex justify-between gap-3 text-xs">
            <span className="text-muted">{t("exporter.queue")}</span>
            <span>
              {t("exporter.queueOf", { used: bytes(exporter.queue_bytes), max: bytes(exporter.queue_bytes_max) })} ·{" "}
              {percent(share)}
            </span>
          </div>
          <Meter
            share={share}
            kind={share > 0.9 ? "bad" : share > 0.7 ? "warn" : "ok"}
            threshold={0.7}
            label={t("exporter.queue")}
          />
          <LastError exporter={exporter} />
        </div>
      </div>
      <Signals exporter={exporter} />
    </Card>
  );
}

function Countdown({ exporter }: { exporter: ExporterRow }) {
  const now = useNow();
  const retry = exporter.retry_in_seconds;
  if (retry === null || retry === undefined || exporter.state === "ok") return <>–</>;
  const left = Math.ceil(exporter.seen_at + retry - now);
  return <>{left > 0 ? t("exporter.in", { seconds: left }) : t("exporter.now")}</>;
}

function LastError({ exporter }: { exporter: ExporterRow }) {
  if (!exporter.last_error) return <p className="m-0 mt-3 text-muted text-xs">{t("exporter.noError")}</p>;
  return (
    <div className="mt-3 min-w-0">
      <p className="m-0 mb-0.5 text-muted text-xs">
        {t("exporter.lastError")} · <Age at={exporter.last_error_at} />
      </p>
      <LongText text={exporter.last_error} />
    </div>
  );
}

const SIGNALS = ["metrics", "traces", "logs"] as const;

function Signals({ exporter }: { exporter: ExporterRow }) {
  const heading = "px-3 py-2 text-right font-medium first:pl-4 first:text-left last:pr-4";
  const titles = ["accepted", "delivered", "queuedItems", "queueBytes", "unanswered", "retried", "dropped"] as const;
  return (
    <div
      className="overflow-x-auto"
      tabIndex={0}
      role="region"
      aria-label={`${exporter.name.slice(0, 80)} ${t("exporter.signals")}`}
    >
      <table className="figures w-full min-w-160 border-collapse border-line border-t">
        <thead>
          <tr className="border-line border-b text-muted text-xs">
            <th scope="col" className={heading}>
              {t("exporter.signal")}
            </th>
            {titles.map((title) => (
              <th key={title} scope="col" className={heading}>
                {t(`exporter.${title}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {SIGNALS.map((name) => {
            const signal = exporter.signals[name];
            return signal ? <SignalRow key={name} name={name} signal={signal} /> : null;
          })}
        </tbody>
      </table>
    </div>
  );
}

function SignalRow({ name, signal }: { name: string; signal: ExporterSignal }) {
  const dropped = Object.entries(signal.dropped as Record<string, number>).filter(([, count]) => count > 0);
  const total = dropped.reduce((sum, [, count]) => sum + count, 0);
  const cell = "px-3 py-1 text-right last:pr-4";
  return (
    <tr className="row-height border-line border-b last:border-0">
      <th scope="row" className="py-1 pl-4 text-left font-medium">
        {word("signal", name)}
      </th>
      <td
        className={cell}
        title={signal.recovered > 0 ? t("exporter.recovered", { count: integer(signal.recovered) }) : undefined}
      >
        {integer(signal.accepted + signal.recovered)}
      </td>
      <td className={cell}>{integer(signal.delivered)}</td>
      <td className={cell}>{integer(signal.queue_items)}</td>
      <td className={cell}>{bytes(signal.queue_bytes)}</td>
      <td className={cell}>{integer(signal.unanswered)}</td>
      <td className={cell}>{integer(signal.retries)}</td>
      <td className={`${cell} ${total > 0 ? "font-medium text-bad" : ""}`}>
        {integer(total)}
        {dropped.length > 0 && (
          <span className="ml-1 font-normal text-xs">
            ({dropped.map(([reason, count]) => `${reason.replaceAll("_", " ")} ${integer(count)}`).join(", ")})
          </span>
        )}
      </td>
    </tr>
  );
}
