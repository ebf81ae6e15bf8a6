import { useNow } from "@/live/store";
import { dateTime, UNKNOWN, wholeDuration } from "@/words/format";
import { t } from "@/words/translate";

/** How long ago, counting on by itself; the moment itself in the tooltip. */
export function Age({ at }: { at: number | null | undefined }) {
  const now = useNow();
  if (at === null || at === undefined) return <>{UNKNOWN}</>;
  return (
    <time dateTime={new Date(at * 1_000).toISOString()} title={dateTime(at)} className="whitespace-nowrap">
      {t("time.ago", { time: wholeDuration(now - at) })}
    </time>
  );
}

/** How long it has lasted. */
export function Since({ at }: { at: number | null | undefined }) {
  const now = useNow();
  if (at === null || at === undefined) return <>{UNKNOWN}</>;
  return (
    <time dateTime={new Date(at * 1_000).toISOString()} title={dateTime(at)} className="whitespace-nowrap">
      {wholeDuration(now - at)}
    </time>
  );
}
