/** The logo: a prompt and its answer. */
export function Logo() {
  return (
    <svg className="logo" viewBox="0 0 32 32" aria-hidden="true">
      <rect className="logo-ground" width="32" height="32" rx="8" />
      <path className="logo-prompt" d="M9 10.5 14.5 16 9 21.5" />
      <circle className="logo-dot" cx="21.5" cy="16" r="3.5" />
    </svg>
  );
}
