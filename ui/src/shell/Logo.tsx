/** The bridge. */
export function Logo() {
  return (
    <svg width="26" height="26" viewBox="0 0 32 32" aria-hidden="true" className="shrink-0">
      <rect width="32" height="32" rx="8" fill="#0059a8" />
      <g fill="none" stroke="#fff" strokeLinecap="round">
        <path d="M4 22c4-11 20-11 24 0" strokeWidth="2.6" />
        <path d="M4 22h24M10 15.6V22M16 13.8V22M22 15.6V22" strokeWidth="2" />
      </g>
    </svg>
  );
}
