import type { Refused } from "@/live/freshness";
import { type Key, t } from "@/words/translate";

/** What an answer that refuses means, in the words of the answer where it has some. */
export function refusalText({ status, title, detail }: Refused): string {
  const known: Record<number, Key> = {
    401: "refused.401",
    403: "refused.403",
    429: "refused.429",
    503: "refused.503",
  };
  const key = known[status];
  const text = key ? t(key) : t("refused.other", { status, title });
  return detail ? `${text} ${detail}` : text;
}
