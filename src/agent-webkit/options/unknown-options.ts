import { findNearest } from './nearest.js';
import { OptionError } from './option-errors.js';
import { GROUPS, OPTIONS } from './option-table.js';
import { showReceived } from './received.js';

const PATHS = OPTIONS.map(({ path }) => path);
const LEAF_NAMES = OPTIONS.map(({ name }) => name);
const GROUP_NAMES = Object.keys(GROUPS);
const TOP_LEVEL_NAMES = OPTIONS.filter(({ group }) => group === null).map(({ name }) => name);

/** The options that are passed beside `useFactory`, and are not part of its result. */
const EXTRAS = ['isGlobal', 'guard'];

/** Checks that every given option and group exists. @throws OptionError which names the nearest one */
export function checkNames(options: unknown): void {
  if (!isObject(options)) {
    throw new OptionError(`The options must be an object, but got ${showReceived(options)}.`);
  }
  for (const [name, value] of Object.entries(options)) {
    if (GROUP_NAMES.includes(name)) checkGroup(name, value);
    else if (!TOP_LEVEL_NAMES.includes(name)) throw unknownOption(name);
  }
}

function checkGroup(group: string, value: unknown): void {
  if (value === undefined) return;
  if (!isObject(value)) {
    throw new OptionError(
      `The group '${group}' must be an object of options, but got ${showReceived(value)}.`,
    );
  }
  for (const name of Object.keys(value)) {
    const path = `${group}.${name}`;
    if (!PATHS.includes(path)) throw unknownOption(path);
  }
}

function unknownOption(path: string): OptionError {
  if (EXTRAS.includes(path)) {
    return new OptionError(
      `'${path}' is not an option. Pass it to forRootAsync() itself, beside useFactory or useClass.`,
    );
  }
  const nearest = nearestPath(path);
  return new OptionError(
    `Unknown option '${path}'. ` +
      (nearest === null
        ? 'Remove it, or see the table of options in the documentation.'
        : `Did you mean '${nearest}'?`),
  );
}

/** Prefers an option of the same name in another group to one that is spelt similarly. */
function nearestPath(path: string): string | null {
  const name = path.slice(path.indexOf('.') + 1);
  const moved = LEAF_NAMES.find((known) => known.toLowerCase() === name.toLowerCase()) ?? null;
  return (
    pathOf(moved) ??
    findNearest(path, [...PATHS, ...GROUP_NAMES]) ??
    pathOf(findNearest(name, LEAF_NAMES)) ??
    null
  );
}

function pathOf(name: string | null): string | undefined {
  return OPTIONS.find((option) => option.name === name)?.path;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
