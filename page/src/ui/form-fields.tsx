import { useId } from 'react';
import type { FormField, FormValue } from './form.js';

interface FieldProps {
  field: FormField;
  value: FormValue;
  onChange: (value: FormValue) => void;
}

/** One field of the form of an MCP server. */
export function FormFieldInput({ field, value, onChange }: FieldProps) {
  const { title, description, kind, choices, isRequired } = field;
  const hintId = useId();
  const hint =
    description === '' ? null : (
      <span className="hint" id={hintId}>
        {description}
      </span>
    );
  const describedBy = description === '' ? undefined : hintId;
  if (kind === 'boolean') {
    return (
      <label className="option">
        <input
          type="checkbox"
          checked={value === true}
          onChange={(event) => onChange(event.target.checked)}
        />
        <span>
          {title}
          {description === '' ? null : <small>{description}</small>}
        </span>
      </label>
    );
  }
  if (kind === 'choices') {
    const chosen = typeof value === 'object' ? value : [];
    return (
      <fieldset className="question-fields">
        <legend>
          {title} {hint}
        </legend>
        <div className="options">
          {choices.map((choice) => (
            <label className="option" key={choice.value}>
              <input
                type="checkbox"
                checked={chosen.includes(choice.value)}
                onChange={(event) =>
                  onChange(
                    event.target.checked
                      ? [...chosen, choice.value]
                      : chosen.filter((other) => other !== choice.value),
                  )
                }
              />
              <span>{choice.title}</span>
            </label>
          ))}
        </div>
      </fieldset>
    );
  }
  const text = typeof value === 'string' ? value : '';
  return (
    <label className="field">
      {title}
      {kind === 'choice' ? (
        <select
          value={text}
          required={isRequired}
          aria-describedby={describedBy}
          onChange={(event) => onChange(event.target.value)}
        >
          <option value="" />
          {choices.map((choice) => (
            <option key={choice.value} value={choice.value}>
              {choice.title}
            </option>
          ))}
        </select>
      ) : (
        <input
          type={field.inputType}
          step={kind === 'number' ? 'any' : undefined}
          required={isRequired}
          value={text}
          autoComplete="off"
          aria-describedby={describedBy}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
      {hint}
    </label>
  );
}
