import { useWorld } from "@/live/store";
import { Age } from "@/parts/age";
import { Card, Empty } from "@/parts/card";
import { StateWord } from "@/parts/mark";
import { Name } from "@/parts/name";
import { bytes, compact, integer } from "@/words/format";
import { plural, t } from "@/words/translate";

const SHOWN = 50;

/** Every instance that was heard of. */
export function Services() {
  const services = useWorld((world) => world.services);
  return (
    <Card title={t("overview.services")} isFlush side={<span className="figures">{integer(services.length)}</span>}>
      {services.length === 0 ? (
        <Empty title={t("empty.services")}>{t("empty.servicesHelp")}</Empty>
      ) : (
        <ul className="m-0 max-h-88 list-none overflow-y-auto p-0" tabIndex={0} aria-label={t("overview.services")}>
          {services.slice(0, SHOWN).map((one) => (
            <li
              key={one.key}
              className="grid min-h-12 grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 border-line border-t px-4 py-1.5"
            >
              <span className="min-w-0">
                <Name text={one.service} className="font-medium" />
                <span className="flex min-w-0 gap-2 text-muted text-xs">
                  <Name text={one.instance} />
                  {one.environment && (
                    <Name text={one.environment} className="shrink-0 before:mr-2 before:content-['·']" />
                  )}
                </span>
              </span>
              <span className="grid justify-items-end">
                <StateWord state={one.is_bridge && one.status === "live" ? "live" : one.status} />
                <span className="figures text-muted text-xs">
                  {one.memory_bytes ? `${bytes(one.memory_bytes)} · ` : ""}
                  {one.spans > 0 ? `${plural("service.spans", one.spans, compact(one.spans))} · ` : ""}
                  <Age at={one.last_seen} />
                </span>
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
