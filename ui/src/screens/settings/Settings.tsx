import type { ReactNode } from "react";
import { Segments } from "@/parts/button";
import { Card, ScreenTitle } from "@/parts/card";
import { type Preferences, setPreference, usePreferences } from "@/preferences/preferences";
import { t } from "@/words/translate";

/** How the page looks; kept in this browser alone. */
export function Settings() {
  const preferences = usePreferences();
  const choice = <K extends keyof Preferences>(key: K, choices: { value: Preferences[K]; text: string }[]) => (
    <Segments
      label={t(`settings.${key}`)}
      value={preferences[key]}
      choices={choices}
      onChange={(value) => setPreference(key, value)}
    />
  );
  return (
    <div className="grid max-w-3xl gap-4">
      <ScreenTitle title={t("nav.settings")} />
      <Card title={t("settings.look")} isFlush>
        <Row title={t("settings.theme")} help={t("settings.themeHelp")}>
          {choice("theme", [
            { value: "system", text: t("settings.system") },
            { value: "light", text: t("settings.light") },
            { value: "dark", text: t("settings.dark") },
          ])}
        </Row>
        <Row title={t("settings.density")} help={t("settings.densityHelp")}>
          {choice("density", [
            { value: "comfortable", text: t("settings.comfortable") },
            { value: "compact", text: t("settings.compact") },
          ])}
        </Row>
        <Row title={t("settings.language")} help={t("settings.languageHelp")}>
          {choice("language", [
            { value: "auto", text: t("settings.browser") },
            { value: "en", text: "English" },
            { value: "pt-BR", text: "Português" },
          ])}
        </Row>
        <Row title={t("settings.bytes")} help={t("settings.bytesHelp")}>
          {choice("bytes", [
            { value: "binary", text: "MiB" },
            { value: "decimal", text: "MB" },
          ])}
        </Row>
      </Card>
    </div>
  );
}

function Row({ title, help, children }: { title: string; help: string; children: ReactNode }) {
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2 border-line border-t px-4 py-3">
      <div className="min-w-0">
        <p className="m-0 font-medium">{title}</p>
        <p className="m-0 text-muted text-xs">{help}</p>
      </div>
      {children}
    </div>
  );
}
