import { type ReactNode, useMemo } from "react";
import { useWorld } from "@/live/store";
import { Age, Since } from "@/parts/age";
import { Card, Empty } from "@/parts/card";
import { kindOf, Mark, StateWord } from "@/parts/mark";
import { Name } from "@/parts/name";
import { Link } from "@/routes/Link";
import { carried, setAddress, useAddress } from "@/routes/use-search";
import { errorRate, gravity, isProblem, workerWarning } from "@/rows/worker-rows";
import { integer, percent } from "@/words/format";
import { type Key, t } from "@/words/translate";

const SHOWN = 5;
const ROW = "flex min-h-11 items-center gap-2.5 border-line border-t px-4 py-1.5";

function ProblemCard(props: {
  title: string;
  to: string;
  search?: object;
  count: number;
  empty: string;
  children: ReactNode;
}) {
  const address = useAddress();
  return (
    <Card
      title={props.title}
      isFlush
      side={
        props.count > 0 && (
          <Link to={props.to} search={{ ...carried(address), ...props.search }} className="text-ok">
            {t("action.all", { count: integer(props.count) })}
          </Link>
        )
      }
    >
      {props.count === 0 ? (
        <div className="pb-2">
          <Empty title={props.empty} />
        </div>
      ) : (
        <ul className="m-0 list-none p-0">{props.children}</ul>
      )}
    </Card>
  );
}

export function Alerts() {
  const alerts = useWorld((world) => world.alerts);
  const worst = useMemo(() => {
    const order = ["critical", "warning", "info"];
    return [...alerts].sort(
      (one, other) => order.indexOf(one.level) - order.indexOf(other.level) || other.since - one.since,
    );
  }, [alerts]);
  return (
    <ProblemCard title={t("overview.alerts")} to="/alerts" count={alerts.length} empty={t("empty.alerts")}>
      {worst.slice(0, SHOWN).map((alert) => (
        <li key={alert.key} className={ROW}>
          <Mark kind={kindOf(alert.level)} />
          <Name text={alert.message} className="min-w-0 grow" />
          <span className="figures shrink-0 text-muted text-xs">
            <Since at={alert.since} />
          </span>
        </li>
      ))}
    </ProblemCard>
  );
}

export function OpenBreakers() {
  const breakers = useWorld((world) => world.breakers);
  const open = useMemo(
    () => breakers.filter((one) => kindOf(one.state) === "bad" || kindOf(one.state) === "warn"),
    [breakers],
  );
  return (
    <ProblemCard
      title={t("overview.breakers")}
      to="/breakers"
      count={open.length}
      empty={breakers.length === 0 ? t("empty.breakers") : t("overview.breakersClosed")}
    >
      {open.slice(0, SHOWN).map((breaker) => (
        <li key={breaker.key} className={ROW}>
          <span className="min-w-0 grow">
            <Name text={breaker.name} className="font-medium" />
            <span className="figures block truncate text-muted text-xs">
              {t("breaker.failuresRejected", {
                failures: integer(breaker.failures),
                rejected: integer(breaker.calls_rejected),
              })}
            </span>
          </span>
          <StateWord state={breaker.state} />
          <span className="figures shrink-0 text-muted text-xs">
            <Since at={breaker.since} />
          </span>
        </li>
      ))}
    </ProblemCard>
  );
}

export function ProblemWorkers() {
  const workers = useWorld((world) => world.workers);
  const worst = useMemo(
    () =>
      workers
        .map((row) => ({ row, warning: workerWarning(row) }))
        .filter(({ warning }) => isProblem(warning))
        .sort(
          (one, other) =>
            gravity(other.warning) - gravity(one.warning) || (errorRate(other.row) ?? 0) - (errorRate(one.row) ?? 0),
        ),
    [workers],
  );
  return (
    <ProblemCard
      title={t("overview.problemWorkers")}
      to="/workers"
      search={{ state: "failing" }}
      count={worst.length}
      empty={workers.length === 0 ? t("empty.workers") : t("overview.workersFine")}
    >
      {worst.slice(0, SHOWN).map(({ row, warning }) => (
        <li key={row.key} className="border-line border-t">
          <button
            type="button"
            className="flex min-h-11 w-full items-center gap-2.5 px-4 py-1.5 text-left hover:bg-raised/60"
            onClick={() => setAddress({ w: row.key }, "push")}
          >
            <Mark kind={gravity(warning) >= 3 ? "bad" : "warn"} />
            <span className="min-w-0 grow">
              <Name text={row.name} isCode />
              <Name isBlock text={row.app} className="text-muted text-xs" />
            </span>
            <span className="shrink-0 text-right text-xs">
              {t(`warn.${warning}` as Key)}
              <span className="figures block text-muted">
                {warning === "stuck" ? <Age at={row.seen_at - row.progress_age_seconds} /> : percent(errorRate(row))}
              </span>
            </span>
          </button>
        </li>
      ))}
    </ProblemCard>
  );
}
