import { useMemo, useRef, useState } from "react";
import type { WorkerRow } from "@/live/world";
import { holdOrder } from "@/rows/sort";

const keyOf = (row: WorkerRow) => row.key;

/** Rows never change places under the cursor: while it is over the table, values move and rows do not. */
export function useHeldOrder(sorted: WorkerRow[], question: string) {
  const [isHeld, setHeld] = useState(false);
  const order = useRef<{ question: string; keys: string[] }>({ question, keys: [] });
  const rows = useMemo(() => {
    const isSame = order.current.question === question;
    const shown = isHeld && isSame ? holdOrder(order.current.keys, sorted, keyOf) : sorted;
    order.current = { question, keys: shown.map(keyOf) };
    return shown;
  }, [sorted, isHeld, question]);
  return { rows, isHeld, hold: setHeld };
}
