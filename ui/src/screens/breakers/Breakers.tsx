import { useMemo } from "react";
import { useWorld } from "@/live/store";
import type { BreakerRow } from "@/live/world";
import { Button, Chip, Segments } from "@/parts/button";
import { Empty, ScreenTitle } from "@/parts/card";
import { Filter } from "@/parts/filter";
import { kindOf, Mark } from "@/parts/mark";
import { setAddress, useAddress } from "@/routes/use-search";
import { matcher, readQuery } from "@/rows/query";
import { integer } from "@/words/format";
import { t, word } from "@/words/translate";
import { Tiles } from "./Tiles";
import { Timeline } from "./Timeline";

const searchable = {
  fields: {
    name: (one: BreakerRow) => one.name,
    service: (one: BreakerRow) => one.service,
    component: (one: BreakerRow) => one.component ?? "",
    state: (one: BreakerRow) => one.state,
    failures: (one: BreakerRow) => one.failures,
    transitions: (one: BreakerRow) => one.transitions,
  },
  text: (one: BreakerRow) => `${one.name} ${one.service} ${one.component ?? ""}`,
};

const GRAVITY = { bad: 0, warn: 1, ok: 2, off: 3 };
const STATES = ["open", "forced_open", "half_open", "closed", "disabled"];

/** Every breaker, open ones first: now as tiles, or its last fifteen minutes. */
export function Breakers() {
  const breakers = useWorld((world) => world.breakers);
  const address = useAddress();
  const isTimeline = address.view === "timeline";
  const wanted = address.state;
  const found = useMemo(() => {
    const fits = matcher(readQuery(address.q ?? ""), searchable);
    const isWanted = (one: BreakerRow) =>
      !wanted || one.state === wanted || (wanted === "failing" && ["bad", "warn"].includes(kindOf(one.state)));
    return breakers
      .filter((one) => fits(one) && isWanted(one))
      .sort(
        (one, other) =>
          GRAVITY[kindOf(one.state)] - GRAVITY[kindOf(other.state)] ||
          (one.name + one.key < other.name + other.key ? -1 : 1),
      );
  }, [breakers, address.q, wanted]);
  const present = STATES.filter((state) => state === wanted || breakers.some((one) => one.state === state));
  return (
    <div className="grid gap-4">
      <ScreenTitle title={t("nav.breakers")} about={integer(breakers.length)}>
        <Segments
          label={t("breakers.view")}
          value={isTimeline ? "timeline" : "tiles"}
          choices={[
            { value: "tiles", text: t("breakers.tiles") },
            { value: "timeline", text: t("breakers.timeline") },
          ]}
          onChange={(value) => setAddress({ view: value === "timeline" ? "timeline" : undefined })}
        />
      </ScreenTitle>
      <div className="flex flex-wrap items-center gap-2">
        <Filter className="sm:w-72" placeholder={t("breakers.searchHint")} />
        {present.map((state) => (
          <Chip
            key={state}
            isOn={wanted === state}
            count={integer(breakers.filter((one) => one.state === state).length)}
            onClick={() => setAddress({ state: wanted === state ? undefined : state })}
          >
            <Mark kind={kindOf(state)} size={10} />
            {word("state", state)}
          </Chip>
        ))}
        {wanted === "failing" && (
          <Chip isOn onClick={() => setAddress({ state: undefined })}>
            {t("filter.failing")}
          </Chip>
        )}
      </div>
      {found.length === 0 ? (
        <div className="panel">
          {breakers.length === 0 ? (
            <Empty title={t("empty.breakers")}>{t("empty.breakersHelp")}</Empty>
          ) : (
            <Empty title={t("empty.noMatch")}>
              <Button onClick={() => setAddress({ q: undefined, state: undefined })}>{t("action.clearFilters")}</Button>
            </Empty>
          )}
        </div>
      ) : isTimeline ? (
        <Timeline breakers={found} />
      ) : (
        <Tiles breakers={found} />
      )}
    </div>
  );
}
