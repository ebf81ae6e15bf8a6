import { useMemo } from "react";
import { useWorld } from "@/live/store";
import { Card, Empty } from "@/parts/card";
import { Meter } from "@/parts/meter";
import { Name } from "@/parts/name";
import { Link } from "@/routes/Link";
import { carried, useAddress } from "@/routes/use-search";
import { integer, percent } from "@/words/format";
import { t } from "@/words/translate";

const SHOWN = 8;

/** The fullest pools. */
export function PoolList() {
  const pools = useWorld((world) => world.pools);
  const address = useAddress();
  const fullest = useMemo(
    () =>
      [...pools]
        .sort((one, other) => other.utilization - one.utilization || (one.key < other.key ? -1 : 1))
        .slice(0, SHOWN),
    [pools],
  );
  return (
    <Card
      title={t("overview.pools")}
      side={
        pools.length > 0 && (
          <Link to="/pools" search={carried(address)} className="text-ok">
            {t("action.all", { count: integer(pools.length) })}
          </Link>
        )
      }
      isFlush
    >
      {pools.length === 0 ? (
        <Empty title={t("empty.pools")}>{t("empty.poolsHelp")}</Empty>
      ) : (
        <ul className="m-0 list-none p-0">
          {fullest.map((pool) => (
            <li key={pool.key}>
              <Link
                to="/pools/$id"
                params={{ id: pool.key }}
                search={carried(address)}
                className="grid h-11 grid-cols-[minmax(0,1fr)_minmax(72px,140px)_52px] items-center gap-3 border-line border-t px-4 text-text no-underline hover:bg-raised/60 sm:grid-cols-[minmax(0,1fr)_minmax(80px,200px)_52px]"
              >
                <span className="min-w-0">
                  <Name text={pool.name} className="font-medium" />
                  <span className="figures block truncate text-muted text-xs">
                    {t("pool.activeOf", { active: integer(pool.active), size: integer(pool.size ?? pool.total) })}
                  </span>
                </span>
                <Meter
                  share={pool.utilization}
                  kind={pool.utilization > 0.9 ? "warn" : "ok"}
                  threshold={0.9}
                  label={t("pool.utilizationOf", { pool: pool.name.slice(0, 80) })}
                />
                <span className="figures text-right font-medium">{percent(pool.utilization)}</span>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
