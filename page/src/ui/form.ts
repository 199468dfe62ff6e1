/** A field of the form of an MCP server. */
export interface FormField {
  readonly name: string;
  readonly kind: 'text' | 'number' | 'boolean' | 'choice' | 'choices';
  readonly title: string;
  readonly description: string;
  readonly isRequired: boolean;
  /** The `type` of an input element. */
  readonly inputType: string;
  readonly choices: readonly { readonly value: string; readonly title: string }[];
  readonly initial: FormValue;
}

/** The state of a field: the text of an input, a checkbox, or the selected choices. */
export type FormValue = string | boolean | readonly string[];

const INPUT_TYPES: Readonly<Record<string, string>> = { email: 'email', uri: 'url', date: 'date' };

/** Returns the fields of a form, which the protocol passes on as its MCP server wrote it. */
export function readForm(schema: unknown): FormField[] {
  const { properties, required } = record(schema);
  const needed = new Set(list(required));
  return Object.entries(record(properties)).map(([name, property]) =>
    readField(name, record(property), needed.has(name)),
  );
}

function readField(name: string, schema: Schema, isRequired: boolean): FormField {
  const { type, format, default: initial } = schema;
  const shared = {
    name,
    title: text(schema['title']) || name,
    description: text(schema['description']),
    isRequired,
    inputType: INPUT_TYPES[text(format)] ?? 'text',
    choices: [],
  };
  if (type === 'boolean') return { ...shared, kind: 'boolean', initial: initial === true };
  if (type === 'number' || type === 'integer') {
    const given = typeof initial === 'number' ? String(initial) : '';
    return { ...shared, kind: 'number', inputType: 'number', initial: given };
  }
  if (type === 'array') {
    const choices = choicesOf(record(schema['items']));
    return { ...shared, kind: 'choices', choices, initial: list(initial).map(text) };
  }
  const choices = choicesOf(schema);
  const kind = choices.length > 0 ? 'choice' : 'text';
  return { ...shared, kind, choices, initial: text(initial) };
}

/** Returns the values of a form to send. A field that was left empty is absent. */
export function toContent(
  fields: readonly FormField[],
  values: Readonly<Record<string, FormValue>>,
): Record<string, string | number | boolean | string[]> {
  const content = new Map<string, string | number | boolean | string[]>();
  for (const { name, kind, initial, isRequired } of fields) {
    const value = values[name] ?? initial;
    if (typeof value === 'boolean') content.set(name, value);
    else if (typeof value !== 'string') {
      if (value.length > 0 || isRequired) content.set(name, [...value]);
    } else if (value !== '') content.set(name, kind === 'number' ? Number(value) : value);
  }
  return Object.fromEntries(content);
}

type Schema = Readonly<Record<string, unknown>>;

function choicesOf(schema: Schema): FormField['choices'] {
  const names = list(schema['enumNames']);
  const listed = list(schema['enum']).map((value, index) => ({
    value: text(value),
    title: text(names[index]) || text(value),
  }));
  const titled = [...list(schema['oneOf']), ...list(schema['anyOf'])].map((choice) => {
    const { const: value, title } = record(choice);
    return { value: text(value), title: text(title) || text(value) };
  });
  return [...listed, ...titled].filter(({ value }) => value !== '');
}

function record(value: unknown): Schema {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
