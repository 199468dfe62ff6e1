/** The variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Stands for a credential inside. Claude Code sends it as it would send the real one. */
export const PLACEHOLDER = 'placeholder';

/** True as Claude Code reads a switch. */
export function isSet(value: string | undefined): boolean {
  return value !== undefined && !/^(?:|0|false|no|off)$/i.test(value.trim());
}
