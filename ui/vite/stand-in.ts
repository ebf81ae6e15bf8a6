import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Plugin } from "vite";

/** What the bridge sends with the page. */
const policy = "default-src 'self'; img-src 'self' data:; base-uri 'self'";
const tag = '<base href="./" data-otel-bridge';

/** Does for Vite's two servers what the bridge does: it writes the page's base, and answers deep links with the page. */
export function standIn(): Plugin {
  return {
    name: "otel-bridge-stand-in",
    transformIndexHtml: {
      order: "post",
      handler: (html, context) => (context.server ? html.replace(tag, '<base href="/" data-otel-bridge="/"') : html),
    },
    configurePreviewServer(server) {
      server.middlewares.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
        const path = (request.url ?? "/").split("?")[0] ?? "/";
        if (path === "/ui") {
          response.writeHead(308, { location: "/ui/" }).end();
        } else if (path.startsWith("/ui/") && !path.slice(path.lastIndexOf("/")).includes(".")) {
          const html = readFileSync(`${server.config.build.outDir}/index.html`, "utf8");
          response
            .writeHead(200, { "content-type": "text/html; charset=utf-8", "content-security-policy": policy })
            .end(html.replace(tag, '<base href="/ui/" data-otel-bridge="/"'));
        } else {
          if (path.startsWith("/ui/")) request.url = request.url?.slice("/ui".length);
          response.setHeader("content-security-policy", policy);
          next();
        }
      });
    },
  };
}
