import { useWorld } from "@/live/store";
import { Card } from "@/parts/card";
import { INK, kindOf, StatePill } from "@/parts/mark";
import { Name } from "@/parts/name";
import { integer, score } from "@/words/format";
import { plural, t, word } from "@/words/translate";

/** The score, and every deduction that leads to it. */
export function Verdict() {
  const {
    status,
    health_score: value,
    reasons,
    components_healthy,
    components_total,
  } = useWorld((world) => world.system);
  const kind = kindOf(status);
  const total = components_total;
  return (
    <Card
      title={t("overview.health")}
      side={<StatePill kind={kind} text={word("state", status ?? "unknown")} />}
      className="h-full"
    >
      <div className="flex items-center gap-4">
        <Ring value={value ?? 0} ink={INK[kind]} text={score(value)} />
        <div className="min-w-0">
          <p className="figures m-0 font-medium text-base">
            {t("overview.healthyOf", { healthy: components_healthy, total })}
          </p>
          <p className="m-0 mt-0.5 text-muted">
            {reasons.length === 0
              ? t("overview.noReasons")
              : plural("overview.reasons", reasons.length, integer(reasons.length))}
          </p>
        </div>
      </div>
      {reasons.length > 0 && (
        <ul
          className="m-0 mt-3 grid max-h-38 list-none grid-cols-1 gap-0 overflow-y-auto p-0"
          tabIndex={0}
          aria-label={t("overview.health")}
        >
          {reasons.map((reason) => (
            <li
              key={`${reason.code} ${reason.subject}`}
              className="flex min-w-0 items-center gap-3 border-line border-t py-1.5 text-sm"
            >
              <Name text={reason.message} className="min-w-0 grow" />
              <span className={`figures shrink-0 font-medium ${INK[kind === "ok" ? "warn" : kind]}`}>
                −{score(reason.deduction)}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function Ring({ value, ink, text }: { value: number; ink: string; text: string }) {
  const around = 2 * Math.PI * 34;
  return (
    <svg width="84" height="84" viewBox="0 0 84 84" className={`shrink-0 ${ink}`} role="img" aria-label={text}>
      <circle cx="42" cy="42" r="34" fill="none" stroke="var(--raised)" strokeWidth="8" />
      {value > 0 && (
        <circle
          cx="42"
          cy="42"
          r="34"
          fill="none"
          stroke="currentColor"
          strokeWidth="8"
          strokeLinecap="round"
          strokeDasharray={`${around * Math.max(0, Math.min(1, value))} ${around}`}
          transform="rotate(-90 42 42)"
        />
      )}
      <text x="42" y="48" textAnchor="middle" fontSize="19" fontWeight="600" fill="var(--text)">
        {text}
      </text>
    </svg>
  );
}
