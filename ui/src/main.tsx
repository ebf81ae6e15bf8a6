import { StrictMode, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { Session } from "@/live/session";
import { store } from "@/live/store";
import { usePreferences, watchPreferences } from "@/preferences/preferences";
import { Shell } from "@/shell/Shell";
import { SessionContext } from "@/shell/session-context";
import { loadLanguage, wantedLanguage } from "@/words/translate";
import "./app.css";

const session = new Session(store);

/** Everything says its words anew when the language changes. */
function Page() {
  const { language: chosen, bytes } = usePreferences();
  const [language, setLanguage] = useState(wantedLanguage());
  useEffect(() => {
    void chosen;
    const wanted = wantedLanguage();
    void loadLanguage(wanted).then(() => setLanguage(wanted));
  }, [chosen]);
  return (
    <SessionContext value={session}>
      <Shell key={`${language} ${bytes}`} />
    </SessionContext>
  );
}

async function begin(): Promise<void> {
  watchPreferences();
  session.start();
  setInterval(() => store.changed(), 1_000);
  await loadLanguage(wantedLanguage());
  const root = document.getElementById("root");
  if (root) createRoot(root).render(<StrictMode>{<Page />}</StrictMode>);
}

void begin();
