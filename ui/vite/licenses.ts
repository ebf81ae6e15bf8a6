import { existsSync, readFileSync } from "node:fs";
import type { Plugin } from "vite";

/** The packages whose code is in the built files. */
const shipped = [
  "@fontsource-variable/inter",
  "@fontsource-variable/jetbrains-mono",
  "lucide-react",
  "react",
  "react-dom",
  "scheduler",
  "tailwindcss",
  "uplot",
];

/** Writes `licenses.txt`: name, version and licence text of every shipped package. */
export function licenses(): Plugin {
  return {
    name: "otel-bridge-licenses",
    apply: "build",
    generateBundle() {
      const parts = shipped.filter((name) => existsSync(`node_modules/${name}/package.json`)).map(describe);
      this.emitFile({ type: "asset", fileName: "licenses.txt", source: parts.join(`\n${"=".repeat(80)}\n\n`) });
    },
  };
}

function describe(name: string): string {
  const folder = `node_modules/${name}`;
  const about = JSON.parse(readFileSync(`${folder}/package.json`, "utf8")) as { version: string; license?: string };
  const file = ["LICENSE", "LICENSE.md", "license", "LICENSE.txt"].find((one) => existsSync(`${folder}/${one}`));
  const text = file ? readFileSync(`${folder}/${file}`, "utf8").trim() : "";
  return `${name} ${about.version} (${about.license ?? "see below"})\n\n${text}\n`;
}
