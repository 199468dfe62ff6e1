import type { Descriptors } from '../../src/agent-webkit/options/descriptor.js';
import { count, flag, orNull } from '../../src/agent-webkit/options/rules.js';

/**
 * Options and descriptors that disagree. The compiler has to reject each of them: if it accepts one,
 * its `@ts-expect-error` is an error, and `npm run typecheck` fails.
 */
interface Options {
  readonly size?: number;
  readonly color?: boolean | null;
}

const size = { rule: count, default: 1, effect: 'The size.' };
const color = { rule: orNull(flag), default: null, effect: 'The color.' };

({ size, color }) satisfies Descriptors<Options>;

// @ts-expect-error -- an option has no descriptor
({ size }) satisfies Descriptors<Options>;

// @ts-expect-error -- a descriptor has no option
({ size, color, weight: size }) satisfies Descriptors<Options>;

// @ts-expect-error -- the rule accepts values of another type
({ size: { ...size, rule: flag }, color }) satisfies Descriptors<Options>;

// @ts-expect-error -- the default has another type
({ size: { ...size, default: '1' }, color }) satisfies Descriptors<Options>;

// @ts-expect-error -- null is a value of the option, and the rule rejects it
({ size, color: { ...color, rule: flag } }) satisfies Descriptors<Options>;

// @ts-expect-error -- null is not a value of the option, and the rule accepts it
({ size: { ...size, rule: orNull(count) }, color }) satisfies Descriptors<Options>;

const computed = { rule: count, computeDefault: () => 1, effect: 'The size.' };
// @ts-expect-error -- a computed default is not described in words
({ size: computed, color }) satisfies Descriptors<Options>;
