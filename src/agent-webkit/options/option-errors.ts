import { type Descriptor, showDefault } from './descriptor.js';
import { showReceived } from './received.js';

/** An option that is wrong or unknown. The message names the option and says what to do. */
export class OptionError extends TypeError {
  constructor(message: string) {
    super(`AgentWebkitModule: ${message}`);
    this.name = 'OptionError';
  }
}

/** Returns the message about a rejected value of an option or of a variable, which it names first. */
export function describeRejected(
  subject: string,
  words: string,
  received: unknown,
  descriptor: Descriptor<unknown>,
): string {
  const shown = descriptor.rule.isSecret
    ? 'another value, which is not shown because it may be a secret'
    : showReceived(received);
  return `${subject} must be ${words}, but got ${shown}. ${adviseDefault(descriptor)}`;
}

function adviseDefault(descriptor: Descriptor<unknown>): string {
  const byDefault = showDefault(descriptor);
  if (byDefault === 'required') return 'Correct it.';
  const unit = /^\d+$/.test(byDefault) && descriptor.unit ? ` ${descriptor.unit}` : '';
  return `Correct it, or leave it out for the default: ${byDefault}${unit}.`;
}
