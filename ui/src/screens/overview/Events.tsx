import type { Happening } from "@/api";
import { useWorld } from "@/live/store";
import { Card, Empty } from "@/parts/card";
import { type Kind, Mark } from "@/parts/mark";
import { Name } from "@/parts/name";
import { dateTime, timeOfDay } from "@/words/format";
import { t, word } from "@/words/translate";

const SHOWN = 60;

/** What happened lately. */
export function Events() {
  const events = useWorld((world) => world.events);
  return (
    <Card title={t("overview.events")} isFlush>
      {events.length === 0 ? (
        <Empty title={t("empty.events")} />
      ) : (
        <ol className="m-0 max-h-88 list-none overflow-y-auto p-0" tabIndex={0} aria-label={t("overview.events")}>
          {events.slice(0, SHOWN).map((event) => (
            <li
              key={event.id}
              className="grid min-h-9 grid-cols-[62px_12px_minmax(0,1fr)] items-center gap-x-3 border-line border-t px-4 py-1.5"
            >
              <time className="figures text-muted text-xs" title={dateTime(event.at)}>
                {timeOfDay(event.at)}
              </time>
              <Mark kind={eventKind(event)} size={10} />
              <span className="flex min-w-0 flex-wrap gap-x-2">
                <Name text={event.name} className="font-medium" />
                <span className="text-muted">{word("event", event.type)}</span>
                <Name text={event.message} className="min-w-0 text-muted" />
              </span>
            </li>
          ))}
        </ol>
      )}
    </Card>
  );
}

export function eventKind(event: Happening): Kind {
  switch (event.type) {
    case "breaker_transition":
      return /→ (open|forced_open)/.test(event.message) ? "bad" : event.message.includes("→ half_open") ? "warn" : "ok";
    case "alert_fired":
    case "component_error":
    case "config_refused":
      return "bad";
    case "instance_stale":
    case "instance_restarted":
    case "instance_forgotten":
      return "warn";
    case "alert_resolved":
    case "config_reloaded":
      return "ok";
    default:
      return "off";
  }
}
