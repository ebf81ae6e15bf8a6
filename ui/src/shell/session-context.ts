import { createContext, useContext } from "react";
import type { Session } from "@/live/session";

export const SessionContext = createContext<Session | null>(null);

/** Tries to connect at once. */
export function useRetry(): () => void {
  const session = useContext(SessionContext);
  return () => session?.retry();
}
