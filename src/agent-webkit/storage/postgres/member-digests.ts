import type { SearchedDetails } from '../../engine/record-filter.js';
import { digest } from './text.js';

/** Returns the digest by which the sessions of a member are found. */
export function memberDigest(caller: string): string {
  return digest(JSON.stringify(['member', caller]));
}

/** Returns the digest by which the sessions of an approver are found. */
export function approverDigest(caller: string): string {
  return digest(JSON.stringify(['approver', caller]));
}

/** Returns all digests of the members of a session; null without members. */
export function memberDigests({ members, approvers }: SearchedDetails): string[] | null {
  if (members.length === 0) return null;
  return [...members.map(memberDigest), ...approvers.map(approverDigest)];
}
