import { Search, X } from "lucide-react";
import { setAddress, useAddress } from "@/routes/use-search";
import { t } from "@/words/translate";

/** The screen's own search, which stands in the address. */
export function Filter({ placeholder, className = "" }: { placeholder?: string; className?: string }) {
  const query = useAddress().q ?? "";
  return (
    <div
      className={`flex h-8 w-full min-w-0 items-center gap-2 rounded-md border border-line bg-surface pr-1 pl-2.5 focus-within:border-ok ${className}`}
    >
      <Search size={14} aria-hidden="true" className="shrink-0 text-muted" />
      <input
        data-filter
        type="search"
        aria-label={t("filter.label")}
        placeholder={placeholder ?? t("filter.placeholder")}
        value={query}
        maxLength={500}
        spellCheck={false}
        onChange={(event) => setAddress({ q: event.target.value || undefined })}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          setAddress({ q: undefined });
          event.currentTarget.blur();
        }}
        className="h-full min-w-0 grow bg-transparent text-sm outline-none placeholder:text-muted [&::-webkit-search-cancel-button]:hidden"
      />
      {query !== "" && (
        <button
          type="button"
          aria-label={t("action.clearFilters")}
          className="grid size-6 place-items-center rounded text-muted hover:bg-raised hover:text-text"
          onClick={() => setAddress({ q: undefined })}
        >
          <X size={13} aria-hidden="true" />
        </button>
      )}
    </div>
  );
}
