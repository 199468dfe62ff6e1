/** Names those to whom a request was escalated; nothing until then. */
export function EscalationNote({ to }: { to: readonly string[] | undefined }) {
  return to === undefined ? null : <p>Escalated to {to.join(', ')}.</p>;
}
