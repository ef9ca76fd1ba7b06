import { isJsonObject, type Json, type JsonObject, TemplateError } from './read.ts';

/** Checks one value against its declaration, as CreateStack would. */
function checkValue(name: string, declaration: JsonObject, value: string): void {
  const path = `Parameters.${name}`;
  const hint =
    declaration['ConstraintDescription'] === undefined ? '' : ` (${String(declaration['ConstraintDescription'])})`;
  const allowed = declaration['AllowedValues'];
  if (Array.isArray(allowed) && !allowed.map(String).includes(value)) {
    throw new TemplateError(path, `${value}: must be one of ${allowed.map(String).join(', ')}${hint}`);
  }
  const pattern = declaration['AllowedPattern'];
  if (typeof pattern === 'string') {
    // Of a list each value has to match, of anything else the whole.
    const list = String(declaration['Type']) === 'CommaDelimitedList';
    const tested = list ? value.split(',').map((entry) => entry.trim()) : [value];
    const wrong = tested.find((entry) => !new RegExp(`^(?:${pattern})$`).test(entry));
    if (wrong !== undefined) throw new TemplateError(path, `${wrong}: must match ${pattern}${hint}`);
  }
  const length = [declaration['MinLength'], declaration['MaxLength']];
  if (length[0] !== undefined && value.length < Number(length[0])) {
    throw new TemplateError(path, `${value}: must have at least ${String(length[0])} characters${hint}`);
  }
  if (length[1] !== undefined && value.length > Number(length[1])) {
    throw new TemplateError(path, `${value}: must have at most ${String(length[1])} characters${hint}`);
  }
  if (declaration['Type'] === 'Number') checkNumber(path, declaration, value, hint);
}

function checkNumber(path: string, declaration: JsonObject, value: string, hint: string): void {
  const number = Number(value);
  if (value.trim() === '' || !Number.isFinite(number))
    throw new TemplateError(path, `${value}: must be a number${hint}`);
  const { MinValue: min, MaxValue: max } = declaration;
  if (min !== undefined && number < Number(min))
    throw new TemplateError(path, `${value}: must be ${String(min)} or more${hint}`);
  if (max !== undefined && number > Number(max))
    throw new TemplateError(path, `${value}: must be ${String(max)} or less${hint}`);
}

/** Values of all parameters of a template; lists are split. Throws TemplateError naming the parameter. */
export function resolveParameters(template: JsonObject, given: Readonly<Record<string, string>>): Record<string, Json> {
  const declared = isJsonObject(template['Parameters']) ? template['Parameters'] : {};
  for (const name of Object.keys(given)) {
    if (declared[name] === undefined) {
      const known = Object.keys(declared).join(', ') || 'none';
      throw new TemplateError(`Parameters.${name}`, `the template has no such parameter; it has: ${known}`);
    }
  }
  const values: Record<string, Json> = {};
  for (const [name, declaration] of Object.entries(declared)) {
    if (!isJsonObject(declaration)) throw new TemplateError(`Parameters.${name}`, 'must be a mapping');
    const value = given[name] ?? declaration['Default'];
    if (value === undefined || value === null)
      throw new TemplateError(`Parameters.${name}`, 'has no default, so a value is required');
    const text = String(value);
    checkValue(name, declaration, text);
    const type = String(declaration['Type']);
    const isList = type === 'CommaDelimitedList' || type.startsWith('List<');
    values[name] = isList ? text.split(',').map((entry) => entry.trim()) : text;
  }
  return values;
}
