import { useWorld } from "@/live/store";
import { Card, Empty } from "@/parts/card";
import { kindOf, StateWord } from "@/parts/mark";
import { Meter } from "@/parts/meter";
import { Name } from "@/parts/name";
import { Link } from "@/routes/Link";
import { carried, useAddress } from "@/routes/use-search";
import { bytes, compact, integer } from "@/words/format";
import { t } from "@/words/translate";

/** Every push destination in a line. */
export function ExporterStrip() {
  const exporters = useWorld((world) => world.exporters);
  const address = useAddress();
  return (
    <Card
      title={t("overview.exporters")}
      isFlush
      side={
        exporters.length > 0 && (
          <Link to="/exporters" search={carried(address)} className="text-ok">
            {t("action.all", { count: integer(exporters.length) })}
          </Link>
        )
      }
    >
      {exporters.length === 0 ? (
        <Empty title={t("empty.exporters")}>{t("empty.exportersHelp")}</Empty>
      ) : (
        <ul className="m-0 list-none p-0">
          {exporters.map((one) => {
            const delivered = [one.signals.metrics, one.signals.traces, one.signals.logs].reduce(
              (sum, signal) => sum + (signal?.delivered ?? 0),
              0,
            );
            const share = one.queue_bytes / Math.max(1, one.queue_bytes_max);
            return (
              <li
                key={one.key}
                className="grid min-h-12 grid-cols-2 items-center gap-x-6 gap-y-1 border-line border-t px-4 py-2 md:grid-cols-[110px_minmax(120px,1fr)_minmax(140px,1fr)_minmax(160px,220px)_130px]"
              >
                <StateWord state={one.state} />
                <Name text={one.name} className="font-medium max-md:text-right" />
                <Name text={one.endpoint} isCode className="text-muted max-md:col-span-2" />
                <span className="min-w-0">
                  <span className="figures mb-1 block truncate text-muted text-xs">
                    {t("exporter.queued", { items: compact(one.queue_items), bytes: bytes(one.queue_bytes) })}
                  </span>
                  <Meter
                    share={share}
                    kind={share > 0.9 ? "bad" : share > 0.7 ? "warn" : kindOf("ok")}
                    threshold={0.7}
                    label={t("exporter.queue")}
                  />
                </span>
                <span className="figures text-right text-muted text-xs">
                  {t("exporter.deliveredCount", { count: compact(delivered) })}
                </span>
              </li>
            );
          })}
        </ul>
      )}
    </Card>
  );
}
