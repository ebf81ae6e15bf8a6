const TITLE_MAX = 300;

/** A name that somebody else chose: one line, cut where it must be, and its direction stays its own. */
export function Name({
  text,
  isCode,
  isBlock,
  className = "",
}: {
  text: string;
  isCode?: boolean;
  isBlock?: boolean;
  className?: string;
}) {
  const clean = text === "" ? "–" : text;
  return (
    <bdi
      title={text.length > 18 ? text.slice(0, TITLE_MAX) : undefined}
      className={`${isBlock ? "block" : "inline-block align-bottom"} max-w-full truncate ${isCode ? "font-mono text-xs leading-5" : ""} ${className}`}
    >
      {clean.length > TITLE_MAX ? `${clean.slice(0, TITLE_MAX)}…` : clean}
    </bdi>
  );
}
