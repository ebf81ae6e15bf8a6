import { Dialog } from "@/parts/dialog";
import { type Key, t } from "@/words/translate";

const KEYS: readonly [string[], Key][] = [
  [["Ctrl", "K"], "keys.search"],
  [["/"], "keys.filter"],
  [["p"], "keys.pause"],
  [["["], "keys.shorter"],
  [["]"], "keys.longer"],
  [["f"], "keys.failing"],
  [["j"], "keys.down"],
  [["k"], "keys.up"],
  [["Enter"], "keys.open"],
  [["Esc"], "keys.close"],
  [["d"], "keys.theme"],
  [["y"], "keys.copy"],
  [["g", "o"], "nav.overview"],
  [["g", "p"], "nav.pools"],
  [["g", "w"], "nav.workers"],
  [["g", "c"], "nav.components"],
  [["g", "b"], "nav.breakers"],
  [["g", "a"], "nav.alerts"],
  [["g", "t"], "nav.traces"],
  [["g", "e"], "nav.exporters"],
  [["?"], "keys.help"],
];

/** The keys. */
export function Help({ onClose }: { onClose: () => void }) {
  return (
    <Dialog place="middle" label={t("keys.title")} title={t("keys.title")} onClose={onClose}>
      <dl className="m-0 grid gap-x-8 overflow-y-auto px-5 py-3 sm:grid-cols-2">
        {KEYS.map(([keys, text]) => (
          <div key={keys.join("")} className="flex h-9 items-center justify-between border-line border-b text-sm">
            <dt>{t(text)}</dt>
            <dd className="m-0 flex gap-1">
              {keys.map((key) => (
                <kbd
                  key={key}
                  className="min-w-6 rounded border border-line-strong bg-raised px-1.5 text-center font-sans text-xs leading-5"
                >
                  {key}
                </kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
