import { PERMISSION_MODES } from './inbound.js';
import { byType, listOf, object, oneOf, text } from './shape.js';

const destination = oneOf('userSettings', 'projectSettings', 'localSettings', 'session', 'cliArg');

const rule = object({ toolName: text() }, { ruleContent: text() });

/** A permission update of the SDK, as a reply to a permission request may contain it. */
export const PERMISSION_UPDATE = byType(
  object({
    type: oneOf('addRules', 'replaceRules', 'removeRules'),
    behavior: oneOf('allow', 'deny', 'ask'),
    rules: listOf(rule),
    destination,
  }),
  object({ type: oneOf('setMode'), mode: oneOf(...PERMISSION_MODES), destination }),
  object({
    type: oneOf('addDirectories', 'removeDirectories'),
    directories: listOf(text()),
    destination,
  }),
);
