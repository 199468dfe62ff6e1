import type { Rule } from './rules.js';

/**
 * One row of the table of options: the values an option accepts, its default and its effect.
 *
 * From this row are derived the check at boot, the default, the environment variable of the
 * standalone server and the row in the documentation. `Value` is the option's declared type.
 */
export type Descriptor<Value> = {
  readonly rule: Rule<Value, AllowsNull<Value>>;
  /** The unit of a number, for messages and documentation. */
  readonly unit?: string;
  /** The environment variable by which the standalone server sets the option. */
  readonly variable?: `AGENT_WEBKIT_${string}`;
  /** One or two sentences on the effect, and on what happens beyond the limit. Markdown, without line breaks. */
  readonly effect: string;
} & (
  | {
      /** The value of an option that is left out; null where that is no value of the option. */
      readonly default: Value | null;
      /** The default in words, where the value alone is not clear. */
      readonly defaultText?: string;
    }
  | {
      /** Returns the value of an option that is left out, at boot. */
      readonly computeDefault: () => Value;
      readonly defaultText: string;
    }
);

/** Ties a rule that accepts null to an option whose type has it, and the other way round. */
type AllowsNull<Value> = unknown extends Value ? boolean : null extends Value ? true : false;

/** A descriptor for each option of a group. A missing one, or one too many, does not compile. */
export type Descriptors<Options> = {
  readonly [Name in keyof Options]-?: Descriptor<Exclude<Options[Name], undefined>>;
};

/** The values of a group's options, with their defaults. */
export type Values<Table> = { readonly [Name in keyof Table]: ValueOf<Table[Name]> };

type ValueOf<Row> = Row extends { default: infer Default }
  ? Accepted<Row> | Default
  : Accepted<Row>;

/** The values that the rule of a descriptor accepts. */
export type Accepted<Row> = Row extends {
  rule: { accepts: (value: unknown) => value is infer Value };
}
  ? Value
  : never;

/** Returns the default of an option as a person reads it. */
export function showDefault(descriptor: Descriptor<unknown>): string {
  return (
    descriptor.defaultText ?? ('default' in descriptor ? String(descriptor.default) : 'computed')
  );
}
