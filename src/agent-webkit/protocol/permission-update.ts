import { ValidateBy } from 'class-validator';
import { PERMISSION_MODES } from './inbound.js';
import { isRecord } from './is-record.js';

const BEHAVIORS: readonly unknown[] = ['allow', 'deny', 'ask'];
const DESTINATIONS: readonly unknown[] = [
  'userSettings',
  'projectSettings',
  'localSettings',
  'session',
  'cliArg',
];
const MODES: readonly unknown[] = PERMISSION_MODES;

/** What is wrong with a list of the SDK's permission updates, naming the field; null when nothing is. */
export function findUpdatesProblem(updates: unknown): string | null {
  if (!Array.isArray(updates)) return 'updated_permissions: must be an array';
  for (const [index, update] of updates.entries()) {
    const problem = findUpdateProblem(update, `updated_permissions[${index}]`);
    if (problem !== null) return problem;
  }
  return null;
}

function findUpdateProblem(update: unknown, field: string): string | null {
  if (!isRecord(update)) return `${field}: must be an object`;
  if (!DESTINATIONS.includes(update['destination'])) {
    return `${field}.destination: must be one of ${DESTINATIONS.join(', ')}`;
  }
  switch (update['type']) {
    case 'addRules':
    case 'replaceRules':
    case 'removeRules':
      if (!BEHAVIORS.includes(update['behavior'])) {
        return `${field}.behavior: must be one of ${BEHAVIORS.join(', ')}`;
      }
      return isListOf(update['rules'], isRule)
        ? null
        : `${field}.rules: must be an array of {toolName, ruleContent?}`;
    case 'setMode':
      return MODES.includes(update['mode'])
        ? null
        : `${field}.mode: must be one of ${MODES.join(', ')}`;
    case 'addDirectories':
    case 'removeDirectories':
      return isListOf(update['directories'], (item) => typeof item === 'string')
        ? null
        : `${field}.directories: must be an array of strings`;
    default:
      return `${field}.type: must be addRules, replaceRules, removeRules, setMode, addDirectories or removeDirectories`;
  }
}

/** Checks a list of permission updates. */
export const ArePermissionUpdates = (): PropertyDecorator =>
  ValidateBy({
    name: 'arePermissionUpdates',
    validator: {
      validate: (value: unknown) => findUpdatesProblem(value) === null,
      defaultMessage: (args) => findUpdatesProblem(args?.value) ?? '',
    },
  });

function isRule(value: unknown): boolean {
  if (!isRecord(value) || typeof value['toolName'] !== 'string') return false;
  return value['ruleContent'] === undefined || typeof value['ruleContent'] === 'string';
}

function isListOf(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isItem);
}
