import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { licenses } from "./vite/licenses.ts";
import { standIn } from "./vite/stand-in.ts";

/** The bridge behind `npm run dev` and `npm run preview`. */
const bridge = process.env.OTEL_BRIDGE ?? "http://127.0.0.1:9000";
const proxied = [
  "/api",
  "/openapi.json",
  "/health",
  "/livez",
  "/readyz",
  "/metrics",
  "/prometheus",
  "/login",
  "/logout",
];
const proxy = Object.fromEntries(proxied.map((path) => [path, { target: bridge, changeOrigin: false }]));

export default defineConfig({
  base: "./",
  plugins: [react(), tailwindcss(), licenses(), standIn()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  server: { host: "127.0.0.1", port: 5173, proxy },
  preview: { host: "127.0.0.1", port: 4173, proxy },
  build: {
    target: "es2023",
    // A data: font would need a hole in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    license: false,
  },
  test: {
    environment: "happy-dom",
    include: ["tests/unit/**/*.test.ts", "tests/unit/**/*.test.tsx"],
  },
});
