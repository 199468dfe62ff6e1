/** Returns how many approvals a request has of those that it needs, and whose they are. */
export function describeApprovals(required: number, approvedBy: readonly string[] = []): string {
  const names = approvedBy.length === 0 ? '' : `, approved by ${approvedBy.join(', ')}`;
  return `${approvedBy.length} of ${required} approvals${names}`;
}
