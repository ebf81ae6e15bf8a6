import { t } from "@/words/translate";

const SHORT = 220;

/** An error's text: a few lines, the rest on demand, never wider than its place. */
export function LongText({ text, className = "" }: { text: string; className?: string }) {
  const look = `wrap-anywhere whitespace-pre-wrap font-mono text-xs ${className}`;
  if (text.length <= SHORT) return <bdi className={look}>{text}</bdi>;
  return (
    <details className="group min-w-0">
      <summary className="list-none text-left">
        <bdi className={`${look} line-clamp-2 group-open:hidden`}>{text.slice(0, SHORT)}…</bdi>
        <span className="text-ok text-xs group-open:hidden">
          {t("action.showAll", { count: text.length.toLocaleString() })}
        </span>
        <span className="hidden text-ok text-xs group-open:inline">{t("action.showLess")}</span>
      </summary>
      <bdi className={`${look} mt-1 block max-h-72 overflow-auto`}>{text}</bdi>
    </details>
  );
}
