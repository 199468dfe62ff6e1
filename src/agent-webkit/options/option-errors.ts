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
  const { words, show = showReceived } = descriptor.rule;
  return `option '${path}' must be ${words}, but got ${show(received)}. ${adviseOn(descriptor, 'leave it out')}`;
}

/** Returns the advice for a rejected value: correct it, or use the default. */
export function adviseOn(descriptor: Descriptor<unknown>, omit: string): string {
  const byDefault = showDefault(descriptor);
  if (byDefault === 'required') return 'Correct it.';
  const unit = /^\d+$/.test(byDefault) && descriptor.unit ? ` ${descriptor.unit}` : '';
  return `Correct it, or ${omit} for the default: ${byDefault}${unit}.`;
}
