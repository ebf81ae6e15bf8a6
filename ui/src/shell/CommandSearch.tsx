import { Search } from "lucide-react";
import { type KeyboardEvent, useMemo, useState } from "react";
import { store } from "@/live/store";
import { Dialog } from "@/parts/dialog";
import { Mark } from "@/parts/mark";
import { Name } from "@/parts/name";
import { go } from "@/routes/address";
import { carried, useAddress } from "@/routes/use-search";
import { t } from "@/words/translate";
import { type Finding, findings } from "./findings";

/** Finds screens, pools, workers, components, breakers and destinations by name. */
export function CommandSearch({ onClose }: { onClose: () => void }) {
  const [query, setQuery] = useState("");
  const [chosen, setChosen] = useState(0);
  const address = useAddress();
  // What stood there when it was opened: results do not move under the cursor.
  const [world] = useState(() => store.current().world);
  const found = useMemo(() => findings(world, query), [world, query]);
  const open = (finding: Finding | undefined) => {
    if (!finding) return;
    onClose();
    go({ to: finding.to, search: { ...carried(address), ...finding.search } }, "push");
  };
  const keys = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      const next = Math.min(Math.max(0, chosen + step), found.length - 1);
      setChosen(next);
      document.getElementById(`finding-${next}`)?.scrollIntoView({ block: "nearest" });
    }
    if (event.key === "Enter") open(found[chosen]);
  };
  return (
    <Dialog place="top" label={t("shell.search")} onClose={onClose}>
      <div className="flex items-center gap-3 border-line border-b px-4">
        <Search size={17} aria-hidden="true" className="shrink-0 text-muted" />
        <input
          autoFocus
          role="combobox"
          aria-expanded="true"
          aria-controls="findings"
          aria-activedescendant={found.length > 0 ? `finding-${chosen}` : undefined}
          aria-label={t("shell.search")}
          placeholder={t("shell.searchHint")}
          value={query}
          onChange={(event) => {
            setQuery(event.target.value);
            setChosen(0);
          }}
          onKeyDown={keys}
          className="h-12 min-w-0 grow bg-transparent text-base outline-none placeholder:text-muted"
        />
      </div>
      <div id="findings" role="listbox" aria-label={t("shell.search")} className="overflow-y-auto p-2">
        {found.map((finding, place) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the input above has the keys.
          <div
            key={finding.key}
            id={`finding-${place}`}
            role="option"
            tabIndex={-1}
            aria-selected={place === chosen}
            onClick={() => open(finding)}
            className="flex h-9 cursor-pointer items-center gap-3 rounded-md px-2.5 hover:bg-raised aria-selected:bg-ok-soft"
          >
            <Mark kind={finding.kind} size={10} />
            <Name text={finding.name} className="min-w-0" />
            <span className="ml-auto shrink-0 text-muted text-xs">{t(finding.place)}</span>
          </div>
        ))}
        {found.length === 0 && <p className="m-0 px-2.5 py-4 text-muted">{t("empty.noMatch")}</p>}
      </div>
    </Dialog>
  );
}
