import { asFields, asList, invalid, type RequestFields } from './request-fields.js';

/** Returns all models that a request names: its own, those of its fallbacks, and those of its tools. @throws ApiError */
export function namedModels(fields: RequestFields): string[] {
  const { model, fallbacks, tools } = fields;
  if (typeof model !== 'string')
    throw invalid('The request must name a model, in the field `model`.');
  const isList = fallbacks === undefined || fallbacks === null || Array.isArray(fallbacks);
  const others = asList(fallbacks).map((fallback) => asFields(fallback)['model']);
  if (!isList || !others.every((other) => typeof other === 'string')) {
    throw invalid('The models of `fallbacks` must be named, because the models are restricted.');
  }
  const ofTools = asList(tools)
    .map((tool) => asFields(tool)['model'])
    .filter((other) => typeof other === 'string');
  return [model, ...others, ...ofTools];
}
