/** A line of a diff. `from` and `to` enclose the part of a changed line that differs from its counterpart. */
export interface DiffLine {
  readonly kind: 'same' | 'added' | 'removed';
  readonly text: string;
  readonly from?: number;
  readonly to?: number;
}

/** A part of a diff for people: a line, or the number of unchanged lines that are left out. */
export type DiffRow = DiffLine | { readonly kind: 'gap'; readonly count: number };

/** The number of unchanged lines that are shown around each change. */
const CONTEXT = 3;
/** The number of comparisons above which the changed part is shown as removed and added as a whole. */
const MAX_COMPARISONS = 1_000_000;

/** Returns the lines of two texts, with those that both share once. */
export function diffLines(before: string, after: string): DiffLine[] {
  const old = toLines(before);
  const next = toLines(after);
  let start = 0;
  while (start < old.length && start < next.length && old[start] === next[start]) start += 1;
  let end = 0;
  const shorter = Math.min(old.length, next.length) - start;
  while (end < shorter && old.at(-1 - end) === next.at(-1 - end)) end += 1;
  return [
    ...old.slice(0, start).map((text) => ({ kind: 'same' as const, text })),
    ...markChanges(
      diffMiddle(old.slice(start, old.length - end), next.slice(start, next.length - end)),
    ),
    ...old.slice(old.length - end).map((text) => ({ kind: 'same' as const, text })),
  ];
}

/** Leaves out unchanged lines that are far from each change. */
export function toRows(lines: readonly DiffLine[]): DiffRow[] {
  const isNear = lines.map(() => false);
  lines.forEach(({ kind }, at) => {
    if (kind !== 'same') isNear.fill(true, Math.max(0, at - CONTEXT), at + CONTEXT + 1);
  });
  const rows: DiffRow[] = [];
  lines.forEach((line, at) => {
    const last = rows.at(-1);
    if (isNear[at]) rows.push(line);
    else if (last?.kind === 'gap') rows[rows.length - 1] = { kind: 'gap', count: last.count + 1 };
    else rows.push({ kind: 'gap', count: 1 });
  });
  return rows;
}

export function countChanges(lines: readonly DiffLine[]): { added: number; removed: number } {
  return {
    added: lines.filter(({ kind }) => kind === 'added').length,
    removed: lines.filter(({ kind }) => kind === 'removed').length,
  };
}

function toLines(text: string): string[] {
  if (text === '') return [];
  return (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
}

/** Finds the longest common subsequence of lines. */
function diffMiddle(old: readonly string[], next: readonly string[]): DiffLine[] {
  const removed = old.map((text) => ({ kind: 'removed' as const, text }));
  const added = next.map((text) => ({ kind: 'added' as const, text }));
  if (old.length * next.length > MAX_COMPARISONS) return [...removed, ...added];
  // lengths[i * width + j]: the number of lines that old from i and next from j have in common.
  const width = next.length + 1;
  const lengths = new Uint32Array((old.length + 1) * width);
  const common = (i: number, j: number) => lengths[i * width + j] ?? 0;
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = next.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] =
        old[i] === next[j]
          ? common(i + 1, j + 1) + 1
          : Math.max(common(i + 1, j), common(i, j + 1));
    }
  }
  const lines: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < old.length || j < next.length) {
    const [before, after] = [removed[i], added[j]];
    if (before && after && before.text === after.text) {
      lines.push({ kind: 'same', text: before.text });
      i += 1;
      j += 1;
    } else if (before && (!after || common(i + 1, j) >= common(i, j + 1))) {
      lines.push(before);
      i += 1;
    } else if (after) {
      lines.push(after);
      j += 1;
    }
  }
  return lines;
}

/** Marks the changed part of each line, where as many lines were removed as were added after them. */
function markChanges(lines: readonly DiffLine[]): DiffLine[] {
  const marked = [...lines];
  let at = 0;
  while (at < lines.length) {
    const removed = countFrom(lines, at, 'removed');
    const added = countFrom(lines, at + removed, 'added');
    if (removed === added) {
      for (let pair = at; pair < at + removed; pair += 1) {
        const [before, after] = markPair(marked[pair]!, marked[pair + removed]!);
        marked[pair] = before;
        marked[pair + removed] = after;
      }
    }
    at += Math.max(1, removed + added);
  }
  return marked;
}

function countFrom(lines: readonly DiffLine[], at: number, kind: DiffLine['kind']): number {
  let count = 0;
  while (lines[at + count]?.kind === kind) count += 1;
  return count;
}

function markPair(before: DiffLine, after: DiffLine): [DiffLine, DiffLine] {
  const shorter = Math.min(before.text.length, after.text.length);
  let start = 0;
  while (start < shorter && before.text[start] === after.text[start]) start += 1;
  let end = 0;
  while (end < shorter - start && before.text.at(-1 - end) === after.text.at(-1 - end)) end += 1;
  // Lines that have little in common are other lines.
  if (start + end < shorter / 3) return [before, after];
  return [
    { ...before, from: start, to: before.text.length - end },
    { ...after, from: start, to: after.text.length - end },
  ];
}
