import { Check, Copy } from "lucide-react";
import { type ButtonHTMLAttributes, type ReactNode, useEffect, useState } from "react";
import { t } from "@/words/translate";

const BASE =
  "inline-flex h-8 min-w-8 items-center justify-center gap-1.5 rounded-md border px-2.5 font-medium text-sm whitespace-nowrap transition-colors disabled:opacity-60";
const LOOKS = {
  plain: "border-line bg-surface text-text hover:border-line-strong hover:bg-raised",
  quiet: "border-transparent bg-transparent text-muted hover:bg-raised hover:text-text",
  strong: "border-ok bg-ok text-surface hover:opacity-90",
  pressed: "border-ok bg-ok-soft text-ok",
};

export function Button({
  look = "plain",
  className = "",
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & { look?: keyof typeof LOOKS }) {
  return <button type="button" className={`${BASE} ${LOOKS[look]} ${className}`} {...rest} />;
}

/** Copies a text, and says so. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setCopied(false), 1_500);
    return () => clearTimeout(timer);
  }, [isCopied]);
  return (
    <Button
      look="quiet"
      className="h-7 min-w-7 px-1.5"
      aria-label={label}
      title={label}
      onClick={() => void copyText(text).then(setCopied)}
    >
      {isCopied ? <Check size={14} aria-hidden="true" /> : <Copy size={14} aria-hidden="true" />}
      <span className="sr-only" aria-live="polite">
        {isCopied ? t("action.copied") : ""}
      </span>
    </Button>
  );
}

/** The clipboard exists in secure contexts only; a selection works everywhere. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const isDone = document.execCommand("copy");
    area.remove();
    return isDone;
  }
}

/** One of a few choices. */
export function Segments<T extends string>(props: {
  label: string;
  choices: readonly { value: T; text: ReactNode; title?: string }[];
  value: T;
  onChange: (value: T) => void;
}) {
  return (
    <fieldset className="m-0 inline-flex h-8 overflow-hidden rounded-md border border-line bg-surface p-0">
      <legend className="sr-only">{props.label}</legend>
      {props.choices.map(({ value, text, title }, place) => (
        <button
          key={value}
          type="button"
          title={title}
          aria-pressed={value === props.value}
          onClick={() => props.onChange(value)}
          className={`min-w-8 border-line px-2.5 font-medium text-sm focus-visible:-outline-offset-2 ${place > 0 ? "border-l" : ""} ${
            value === props.value ? "bg-ok-soft text-ok" : "text-muted hover:bg-raised hover:text-text"
          }`}
        >
          {text}
        </button>
      ))}
    </fieldset>
  );
}

/** A filter that is on or off, with how many rows it would leave. */
export function Chip(props: { isOn: boolean; onClick: () => void; children: ReactNode; count?: string }) {
  return (
    <button
      type="button"
      aria-pressed={props.isOn}
      onClick={props.onClick}
      className={`inline-flex h-7 items-center gap-1.5 rounded-full border px-2.5 text-xs whitespace-nowrap transition-colors ${
        props.isOn ? "border-ok bg-ok-soft text-ok" : "border-line bg-surface text-text hover:border-line-strong"
      }`}
    >
      {props.children}
      {props.count !== undefined && <span className={`figures ${props.isOn ? "" : "text-muted"}`}>{props.count}</span>}
    </button>
  );
}
