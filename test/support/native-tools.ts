import { isRequired, type NativeTool, whyMissing } from '../../scripts/native-tools.ts';

/** True: the tool can be used. Else what is left out is printed, or, where the tool is required, the suite fails. */
export function hasTool(tool: NativeTool, leftOut: string): boolean {
  const problem = whyMissing(tool);
  if (problem === undefined) return true;
  if (isRequired(tool)) throw new Error(`${tool.name} is required by ${tool.requiredBy}=1, but: ${problem}`);
  process.stderr.write(`skipped, ${tool.name}: ${problem}: ${leftOut}\n`);
  return false;
}
