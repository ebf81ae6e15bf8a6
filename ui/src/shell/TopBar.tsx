import { Moon, Pause, Play, Search, Sun } from "lucide-react";
import { useView } from "@/live/store";
import { Button, Segments } from "@/parts/button";
import { type Kind, kindOf, StatePill } from "@/parts/mark";
import { shownTheme, toggleTheme, usePreferences } from "@/preferences/preferences";
import { Link } from "@/routes/Link";
import { RANGE_DEFAULT, RANGES } from "@/routes/search";
import { carried, setAddress, useAddress, useRange } from "@/routes/use-search";
import { score, timeOfDay } from "@/words/format";
import { t, word } from "@/words/translate";
import { Logo } from "./Logo";
import { usePause } from "./pause";
import type { Overlay } from "./Shell";

/** Search, how current the page is, range, pause and theme. */
export function TopBar({ onOverlay }: { onOverlay: (overlay: Overlay) => void }) {
  return (
    <header className="sticky top-0 z-20 flex flex-wrap items-center gap-x-2 gap-y-2 border-line border-b bg-surface px-4 py-2.5 md:h-[53px] md:flex-nowrap md:gap-x-3 md:px-6 md:py-0">
      <Link to="/" className="mr-auto flex items-center md:hidden" aria-label="otel-bridge">
        <Logo />
      </Link>
      <button
        type="button"
        onClick={() => onOverlay("search")}
        className="hidden h-8 w-64 min-w-0 shrink items-center gap-2 rounded-md border border-line bg-page px-2.5 text-muted text-sm hover:border-line-strong md:flex"
      >
        <Search size={15} aria-hidden="true" className="shrink-0" />
        <span className="truncate">{t("shell.search")}</span>
        <kbd className="ml-auto shrink-0 rounded border border-line bg-surface px-1.5 font-sans text-[11px]">
          {/Mac|iP(hone|ad)/.test(navigator.userAgent) ? "⌘ K" : "Ctrl K"}
        </kbd>
      </button>
      <div className="flex items-center gap-2 md:ml-auto">
        <HealthPill />
        <ConnectionPill />
      </div>
      <div className="order-last flex w-full items-center gap-2 md:order-none md:w-auto">
        <RangeChoice />
        <PauseButton />
        <Button
          className="ml-auto md:hidden"
          look="quiet"
          onClick={() => onOverlay("search")}
          aria-label={t("shell.search")}
        >
          <Search size={16} aria-hidden="true" />
        </Button>
      </div>
      <ThemeButton />
    </header>
  );
}

function HealthPill() {
  const status = useView((view) => view.world?.system.status ?? null);
  const shownScore = useView((view) => score(view.world?.system.health_score));
  const address = useAddress();
  if (!status) return null;
  return (
    <Link to="/" search={carried(address)} className="no-underline" title={t("shell.health")}>
      <StatePill kind={kindOf(status)} text={`${word("state", status)} ${shownScore}`} />
    </Link>
  );
}

const KINDS: Record<string, Kind> = { live: "ok", loading: "off", stale: "warn", disconnected: "bad", refused: "bad" };

/** The one place that says how current everything else is. */
function ConnectionPill() {
  const freshness = useView((view) => view.freshness);
  const isPaused = useView((view) => view.isPaused);
  const asOf = useView((view) => (view.isPaused || view.freshness !== "live" ? timeOfDay(view.world?.timestamp) : ""));
  const words = {
    live: t("connection.live"),
    loading: t("connection.loading"),
    stale: t("connection.stale", { time: asOf }),
    disconnected: t("connection.disconnected"),
    refused: t("connection.refused"),
  };
  const isHeld = isPaused && freshness === "live";
  return (
    <span role="status" className="inline-flex">
      <StatePill
        kind={isHeld ? "warn" : (KINDS[freshness] ?? "off")}
        text={isHeld ? t("connection.paused", { time: asOf }) : words[freshness]}
      />
    </span>
  );
}

function RangeChoice() {
  const range = useRange();
  return (
    <Segments
      label={t("shell.range")}
      value={range}
      choices={RANGES.map((value) => ({ value, text: value }))}
      onChange={(value) => setAddress({ range: value === RANGE_DEFAULT ? undefined : value })}
    />
  );
}

function PauseButton() {
  const { isPaused, toggle } = usePause();
  const Icon = isPaused ? Play : Pause;
  return (
    <Button look={isPaused ? "pressed" : "plain"} onClick={toggle} aria-pressed={isPaused} title={t("shell.pauseHint")}>
      <Icon size={15} aria-hidden="true" />
      {isPaused ? t("shell.resume") : t("shell.pause")}
    </Button>
  );
}

function ThemeButton() {
  usePreferences();
  const isDark = shownTheme() === "dark";
  const Icon = isDark ? Sun : Moon;
  const label = isDark ? t("shell.toLight") : t("shell.toDark");
  return (
    <Button look="quiet" onClick={toggleTheme} aria-label={label} title={label}>
      <Icon size={16} aria-hidden="true" />
    </Button>
  );
}
