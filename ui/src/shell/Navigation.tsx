import { Menu } from "lucide-react";
import { useState } from "react";
import { useView } from "@/live/store";
import { Dialog } from "@/parts/dialog";
import type { Kind } from "@/parts/mark";
import { Link } from "@/routes/Link";
import { carried, useAddress } from "@/routes/use-search";
import { t } from "@/words/translate";
import { Logo } from "./Logo";
import { type Badge, LAST_PLACES, PLACES, type Place } from "./places";

const BADGES: Record<Kind, string> = {
  ok: "bg-ok-soft text-ok",
  warn: "bg-warn-soft text-warn",
  bad: "bg-bad-soft text-bad",
  off: "text-muted",
};

function useBadge(place: Place): Badge | null {
  // A text, since a new object each second would render the whole navigation.
  const text = useView((view) => {
    const badge = view.world && place.badge ? place.badge(view.world) : null;
    return badge ? `${badge.kind}|${badge.title}|${badge.text}` : "";
  });
  const [kind, title, count] = text.split("|");
  return count ? ({ kind, title, text: count } as Badge) : null;
}

export function SideBar() {
  return (
    <nav
      aria-label={t("shell.navigation")}
      className="sticky top-0 hidden h-dvh flex-col gap-0.5 overflow-y-auto border-line border-r bg-surface p-3 md:flex"
    >
      <Link
        to="/"
        className="mb-3 flex h-9 items-center gap-2.5 px-1.5 text-text no-underline"
        aria-label="otel-bridge"
      >
        <Logo />
        <span className="hidden font-semibold text-base tracking-tight lg:inline">otel-bridge</span>
      </Link>
      {PLACES.map((place) => (
        <SideLink key={place.to} place={place} />
      ))}
      <div className="mt-auto" />
      {LAST_PLACES.map((place) => (
        <SideLink key={place.to} place={place} />
      ))}
    </nav>
  );
}

function SideLink({ place, onClick }: { place: Place; onClick?: () => void }) {
  const address = useAddress();
  const badge = useBadge(place);
  const Icon = place.icon;
  return (
    <Link
      to={place.to}
      search={carried(address)}
      onClick={onClick}
      title={t(place.title)}
      className="group relative flex h-9 items-center gap-3 rounded-md px-2.5 text-muted text-sm no-underline hover:bg-raised hover:text-text data-[status=active]:bg-ok-soft data-[status=active]:font-medium data-[status=active]:text-ok"
    >
      <Icon size={17} aria-hidden="true" className="shrink-0" />
      <span className={onClick ? "" : "sr-only lg:not-sr-only"}>{t(place.title)}</span>
      {badge && (
        <span
          title={t(badge.title)}
          className={`figures ml-auto rounded-full px-1.5 text-xs ${BADGES[badge.kind]} ${
            onClick
              ? ""
              : `max-lg:absolute max-lg:top-0 max-lg:right-0 max-lg:text-[10px] max-lg:leading-4 ${badge.kind === "off" ? "max-lg:sr-only" : ""}`
          }`}
        >
          {badge.text}
        </span>
      )}
    </Link>
  );
}

const BOTTOM = ["/", "/workers", "/breakers", "/alerts"];

/** The navigation of a narrow window. */
export function BottomBar() {
  const [isOpen, setOpen] = useState(false);
  const look =
    "relative flex h-14 min-w-0 flex-1 flex-col items-center justify-center gap-0.5 text-[11px] text-muted no-underline data-[status=active]:text-ok";
  return (
    <nav
      aria-label={t("shell.navigation")}
      className="fixed inset-x-0 bottom-0 z-30 flex border-line border-t bg-surface pb-[env(safe-area-inset-bottom)] md:hidden"
    >
      {PLACES.filter((place) => BOTTOM.includes(place.to)).map((place) => (
        <BottomLink key={place.to} place={place} look={look} />
      ))}
      <button type="button" className={look} onClick={() => setOpen(true)} aria-haspopup="dialog">
        <Menu size={19} aria-hidden="true" />
        {t("nav.more")}
      </button>
      {isOpen && (
        <Dialog place="bottom" label={t("shell.navigation")} title={t("nav.more")} onClose={() => setOpen(false)}>
          <div className="flex flex-col gap-0.5 overflow-y-auto p-3 pb-6">
            {[...PLACES, ...LAST_PLACES].map((place) => (
              <SideLink key={place.to} place={place} onClick={() => setOpen(false)} />
            ))}
          </div>
        </Dialog>
      )}
    </nav>
  );
}

function BottomLink({ place, look }: { place: Place; look: string }) {
  const address = useAddress();
  const badge = useBadge(place);
  const Icon = place.icon;
  return (
    <Link to={place.to} search={carried(address)} className={look}>
      <Icon size={19} aria-hidden="true" />
      {t(place.title)}
      {badge && badge.kind !== "off" && (
        <span
          className={`figures absolute top-1 left-1/2 ml-2 rounded-full px-1.5 text-[10px] leading-4 ${BADGES[badge.kind]}`}
        >
          {badge.text}
        </span>
      )}
    </Link>
  );
}
