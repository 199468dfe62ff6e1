import { isRecord } from './is-record.js';
import { listOf, type Shape, text } from './shape.js';

const texts = listOf(text());

/** The values of a form: texts, numbers, booleans and lists of texts, by the names of its properties. */
export const FORM_CONTENT: Shape = {
  schema: {
    type: 'object',
    additionalProperties: {
      oneOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }, texts.schema],
    },
  },
  findProblem(value, field) {
    if (!isRecord(value)) return `${field}: must be an object`;
    for (const [name, given] of Object.entries(value)) {
      if (Array.isArray(given)) {
        const problem = texts.findProblem(given, `${field}.${name}`);
        if (problem !== null) return problem;
      } else if (!['string', 'number', 'boolean'].includes(typeof given)) {
        return `${field}.${name}: must be a string, a number, a boolean or an array of strings`;
      }
    }
    return null;
  },
};
