import type { Descriptor } from './descriptor.js';
import { showDefault } from './descriptor.js';
import { showReceived } from './received.js';

/** An option is invalid or unknown. The message names the option and how to correct it. */
export class OptionError extends TypeError {
  constructor(message: string) {
    super(`nestjs-agent-webkit: ${message}`);
    this.name = 'OptionError';
  }
}

/** Returns the message about a value that the rule of an option rejects. */
export function describeRejected(
  path: string,
  received: unknown,
  descriptor: Descriptor<unknown>,
): string {
  const { words, findFault, show = showReceived } = descriptor.rule;
  const fault = findFault?.(received);
  const wrong = fault ?? { path: '', words, received };
  const omit = fault ? `leave '${path}' out` : 'leave it out';
  return `option '${path}${wrong.path}' must be ${wrong.words}, but got ${show(wrong.received)}. ${adviseOn(descriptor, omit)}`;
}

/** Returns the advice for a rejected value: correct it, or use the default. */
export function adviseOn(descriptor: Descriptor<unknown>, omit: string): string {
  const byDefault = showDefault(descriptor);
  if (byDefault.startsWith('required')) return 'Correct it.';
  const unit = /^\d+$/.test(byDefault) && descriptor.unit ? ` ${descriptor.unit}` : '';
  return `Correct it, or ${omit} for the default: ${byDefault}${unit}.`;
}
