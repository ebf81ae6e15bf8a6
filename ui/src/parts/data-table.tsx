import { ArrowDown, ArrowUp } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useMemo } from "react";
import { setAddress, useAddress } from "@/routes/use-search";
import { readSort, type SortValue, sortRows, toggleSort } from "@/rows/sort";

export interface Column<T> {
  id: string;
  title: string;
  /** What it sorts by; a column without it does not sort. */
  value?: (row: T) => SortValue;
  cell: (row: T) => ReactNode;
  isNumber?: boolean;
  /** Tailwind classes for the width and the like. */
  className?: string;
}

/** A table that sorts by its headings and whose sort stands in the address. For tens of rows; workers have their own. */
export function DataTable<T>(props: {
  label: string;
  columns: Column<T>[];
  rows: readonly T[];
  keyOf: (row: T) => string;
  sortDefault: string;
  onOpen?: (row: T) => void;
  minWidth?: string;
  /** It scrolls by itself beyond that. */
  maxHeight?: string;
}) {
  const { label, columns, rows, keyOf, sortDefault, onOpen, minWidth = "min-w-160", maxHeight = "" } = props;
  const address = useAddress();
  const sort = readSort(address.sort, sortDefault, columns);
  const sorted = useMemo(() => {
    const column = columns.find((one) => one.id === sort.id);
    return column?.value ? sortRows(rows, column.value, keyOf, sort.isDescending) : [...rows];
  }, [rows, columns, keyOf, sort.id, sort.isDescending]);
  return (
    <div
      className={`relative overflow-auto focus-visible:-outline-offset-2 ${maxHeight}`}
      tabIndex={0}
      role="region"
      aria-label={label}
    >
      <table className={`w-full border-collapse ${minWidth}`}>
        <thead className="sticky top-0 z-10 bg-surface">
          <tr className="border-line border-b text-muted text-xs">
            {columns.map((column) => (
              <Heading key={column.id} column={column} sort={sort} sortDefault={sortDefault} />
            ))}
          </tr>
        </thead>
        <tbody data-rows>
          {sorted.map((row) => (
            <tr
              key={keyOf(row)}
              data-row
              {...(onOpen && openable(() => onOpen(row)))}
              className={`row-height border-line border-b last:border-0 hover:bg-raised/60 ${onOpen ? "cursor-pointer" : ""}`}
            >
              {columns.map((column) => (
                <td
                  key={column.id}
                  className={`px-3 py-1 first:pl-4 last:pr-4 ${column.isNumber ? "figures text-right" : ""} ${column.className ?? ""}`}
                >
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function openable(open: () => void) {
  return {
    tabIndex: 0,
    onClick: open,
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key === "Enter" && event.target === event.currentTarget) open();
    },
  };
}

function Heading<T>(props: { column: Column<T>; sort: { id: string; isDescending: boolean }; sortDefault: string }) {
  const { column, sort, sortDefault } = props;
  const address = useAddress();
  const isSorted = sort.id === column.id;
  const Arrow = sort.isDescending ? ArrowDown : ArrowUp;
  const direction = sort.isDescending ? "descending" : "ascending";
  return (
    <th
      scope="col"
      aria-sort={isSorted ? direction : undefined}
      className={`h-9 px-3 font-medium whitespace-nowrap first:pl-4 last:pr-4 ${column.isNumber ? "text-right" : "text-left"}`}
    >
      {column.value ? (
        <button
          type="button"
          className={`inline-flex min-h-6 items-center gap-1 hover:text-text ${isSorted ? "text-text" : ""}`}
          onClick={() =>
            setAddress({ sort: toggleSort(address.sort, column.id, sortDefault, column.isNumber ?? false) })
          }
        >
          {column.title}
          {isSorted && <Arrow size={12} aria-hidden="true" />}
        </button>
      ) : (
        column.title
      )}
    </th>
  );
}
