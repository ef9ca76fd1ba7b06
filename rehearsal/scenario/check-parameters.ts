import { makeProblem, nearest, type Path, type Problem } from '../../shared/documents/problem.ts';
import { resolveParameters } from '../../simulator/template/parameters.ts';
import { type Json, type JsonObject, readTemplate, TemplateError } from '../../simulator/template/read.ts';
import type { HappeningDocument } from './happenings.ts';

/** Where an endpoint is enrolled and remembered: another value is another scaler. */
const FIXED: ReadonlySet<string> = new Set(['TagPrefix', 'ExistingTable']);

/** Deployments in the middle, each as `checkParameters` does. */
export function checkDeployments(
  entries: readonly (HappeningDocument | undefined)[],
  readText: () => string,
): Problem[] {
  return entries.flatMap((entry, index) => {
    if (entry?.verb !== 'deploy') return [];
    const path = ['happens', index, 'deploy'];
    const fixed = Object.keys(entry.parameters).filter((name) => FIXED.has(name));
    return [
      ...fixed.map((name) => makeProblem([...path, name], entry.parameters[name], 'not to be changed by a deployment')),
      ...checkParameters(entry.parameters, readText, path),
    ];
  });
}

/** Parameters that the template does not have, or not with this value. */
export function checkParameters(
  parameters: Readonly<Record<string, string>>,
  readText: () => string,
  place: Path = ['parameters'],
): Problem[] {
  const entries = Object.entries(parameters);
  if (entries.length === 0) return [];
  const template = readTemplate(readText());
  const declared = template['Parameters'] as Readonly<Record<string, JsonObject>> | undefined;
  return entries.flatMap(([name, value]) => {
    const path = [...place, name];
    const known = Object.keys(declared ?? {});
    const declaration = declared?.[name];
    if (declaration === undefined) {
      const allowed = `a parameter of the template: ${known.join(', ')}`;
      return [makeProblem(path, name, allowed, { atKey: true, didYouMean: nearest(name, known) })];
    }
    const refusal = refusalOf(name, declaration, value);
    return refusal === undefined ? [] : [makeProblem(path, value, refusal)];
  });
}

/** What is allowed, where the value is not. */
function refusalOf(name: string, declaration: Json, value: string): string | undefined {
  try {
    resolveParameters({ Parameters: { [name]: declaration } }, { [name]: value });
    return undefined;
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return error.message.replace(`Parameters.${name}: ${value}: `, '');
  }
}
