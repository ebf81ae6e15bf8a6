import { lazy, Suspense, useEffect, useState } from "react";
import { store, useView } from "@/live/store";
import { useAddressOf } from "@/routes/address";
import { useScreen } from "@/routes/screens";
import { useAddress } from "@/routes/use-search";
import { t } from "@/words/translate";
import { Banner } from "./Banner";
import { CommandSearch } from "./CommandSearch";
import { Help } from "./Help";
import { useKeys } from "./keys";
import { BottomBar, SideBar } from "./Navigation";
import { LAST_PLACES, PLACES } from "./places";
import { TopBar } from "./TopBar";
import { Waiting } from "./Waiting";

const WorkerDrawer = lazy(async () => ({ default: (await import("@/screens/rest")).WorkerDrawer }));

export type Overlay = "help" | "search" | null;

/** What stands around every screen. */
export function Shell() {
  const [overlay, setOverlay] = useState<Overlay>(null);
  const address = useAddress();
  const hasWorld = useView((view) => view.world !== null);
  const isDim = useView((view) => view.freshness === "stale" || view.freshness === "disconnected");
  const isSignedOut = useView((view) => view.connection.refused?.status === 401);
  const isFree = useAddressOf((where) => /^\/(settings|about)$/.test(where.path));
  useKeys(setOverlay);
  usePageTitle();
  const isPaused = address.live === "0";
  useEffect(() => store.pause(isPaused), [isPaused]);
  return (
    <div className="md:grid md:min-h-dvh md:grid-cols-[64px_minmax(0,1fr)] lg:grid-cols-[208px_minmax(0,1fr)]">
      {/* biome-ignore lint/a11y/useValidAnchor: with a base href, "#main" alone would leave the screen. */}
      <a
        href="#main"
        className="absolute -top-20 left-3 z-50 rounded-md bg-ok px-3 py-2 text-surface focus:top-3"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById("main")?.focus();
        }}
      >
        {t("shell.skip")}
      </a>
      <SideBar />
      <div className="flex min-w-0 flex-col">
        <TopBar onOverlay={setOverlay} />
        <Banner />
        <main
          id="main"
          tabIndex={-1}
          data-stale={isDim || undefined}
          className="min-w-0 grow px-4 pt-4 pb-24 outline-none data-stale:saturate-[.35] md:px-6 md:pt-5 md:pb-8"
        >
          {(hasWorld && !isSignedOut) || isFree ? <Screen /> : <Waiting />}
        </main>
      </div>
      <BottomBar />
      {address.w && (
        <Suspense fallback={null}>
          <WorkerDrawer />
        </Suspense>
      )}
      {overlay === "help" && <Help onClose={() => setOverlay(null)} />}
      {overlay === "search" && <CommandSearch onClose={() => setOverlay(null)} />}
    </div>
  );
}

/** The screen of the address; nothing for the moment in which it is on its way. */
function Screen() {
  const Wanted = useScreen();
  return Wanted ? <Wanted /> : null;
}

function usePageTitle(): void {
  const path = useAddressOf((where) => where.path);
  const critical = useView((view) => view.world?.system.alerts_critical ?? 0);
  useEffect(() => {
    const place = [...PLACES, ...LAST_PLACES].findLast((one) => path.startsWith(one.to)) ?? PLACES[0];
    const mark = critical > 0 ? `(${critical}) ` : "";
    document.title = place ? `${mark}${t(place.title)} · otel-bridge` : "otel-bridge";
  }, [path, critical]);
}
