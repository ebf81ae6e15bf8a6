import { RotateCw } from "lucide-react";
import { useEffect, useState } from "react";
import { useView } from "@/live/store";
import { Button } from "@/parts/button";
import { Empty } from "@/parts/card";
import { t } from "@/words/translate";
import { refusalText } from "./refusal";
import { SignIn } from "./SignIn";
import { useRetry } from "./session-context";

/** Seconds until the next try; null while one is under way. */
export function useCountdown(): number | null {
  const retryAt = useView((view) => view.connection.retryAt);
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  if (retryAt === null) return null;
  const left = Math.ceil((retryAt - now) / 1_000);
  return left > 0 ? left : null;
}

/** Before the first picture: the skeleton, or why there is none. */
export function Waiting() {
  const freshness = useView((view) => view.freshness);
  const refused = useView((view) => view.connection.refused);
  const left = useCountdown();
  const retry = useRetry();
  if (refused?.status === 401) return <SignIn detail={refusalText(refused)} onDone={retry} />;
  if (freshness === "loading") return <Skeleton />;
  return (
    <div className="panel mx-auto mt-8 max-w-xl">
      <Empty title={refused ? refusalText(refused) : t("connection.unreachable")}>
        <p className="m-0 mb-4">
          {!refused && `${t("connection.unreachableHelp")} `}
          {left === null ? t("connection.trying") : t("connection.nextTry", { seconds: left })}
        </p>
        <Button onClick={retry}>
          <RotateCw size={14} aria-hidden="true" />
          {t("action.retry")}
        </Button>
      </Empty>
    </div>
  );
}

/** The same as the one in index.html, so that nothing jumps; it says something only when it takes long. */
function Skeleton() {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 300);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="grid gap-4" aria-busy="true">
      <p className="m-0 h-9 text-muted">{isLate ? t("connection.loading") : ""}</p>
      <div className="grid grid-cols-2 gap-4 lg:grid-cols-4">
        <div className="panel h-26" />
        <div className="panel h-26" />
        <div className="panel h-26" />
        <div className="panel h-26" />
      </div>
      <div className="panel h-60" />
      <div className="panel h-60" />
    </div>
  );
}
