import { RotateCw } from "lucide-react";
import { useView } from "@/live/store";
import { Button } from "@/parts/button";
import { Mark } from "@/parts/mark";
import { timeOfDay } from "@/words/format";
import { t } from "@/words/translate";
import { refusalText } from "./refusal";
import { useRetry } from "./session-context";
import { useCountdown } from "./Waiting";

/** Says that the connection is lost, what is shown meanwhile, and when it is tried again. */
export function Banner() {
  const freshness = useView((view) => view.freshness);
  const hasWorld = useView((view) => view.world !== null);
  const asOf = useView((view) => timeOfDay(view.world?.timestamp));
  const refused = useView((view) => view.connection.refused);
  const left = useCountdown();
  const retry = useRetry();
  if (!hasWorld || (freshness !== "disconnected" && freshness !== "refused")) return null;
  return (
    <div
      role="alert"
      className="flex flex-wrap items-center gap-x-4 gap-y-1.5 border-line border-b bg-bad-soft px-4 py-2 text-bad text-sm md:px-6"
    >
      <Mark kind="bad" />
      <span className="font-medium">{refused ? refusalText(refused) : t("connection.lost")}</span>
      <span>{t("connection.lastData", { time: asOf })}</span>
      <span className="figures ml-auto">
        {left === null ? t("connection.trying") : t("connection.nextTry", { seconds: left })}
      </span>
      <Button className="h-7 border-bad bg-transparent text-bad hover:bg-surface" onClick={retry}>
        <RotateCw size={14} aria-hidden="true" />
        {t("action.retry")}
      </Button>
    </div>
  );
}
