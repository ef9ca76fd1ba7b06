import { stringify } from 'yaml';
import type { ApplyChange, ApplyPlan } from '../../shared/use-cases/apply/plan-apply.ts';
import { printable } from '../printable.ts';

const CONTEXT = 2;
const COLORS = { '+': '\u001b[32m', '-': '\u001b[31m' } as const;
const RESET = '\u001b[0m';

type Line = readonly ['+' | '-' | ' ', string];

/** Every change as lines that come and go, as a person reads documents: in YAML. */
export function showChanges({ changes }: Pick<ApplyPlan, 'changes'>, color: boolean): string {
  return changes.map((change) => `${headOf(change)}\n${linesOf(change, color)}`).join('\n');
}

function headOf(change: ApplyChange): string {
  switch (change.action) {
    case 'create':
      return `create ${change.write.parameter} from ${printable(change.document.file)}`;
    case 'change': {
      const taken = change.adopts ? ', taking it over' : '';
      return `change ${change.write.parameter} from ${printable(change.document.file)} (version ${change.before.version}${taken})`;
    }
    case 'delete':
      return `delete ${change.before.parameter} (version ${change.before.version})`;
    default:
      return change satisfies never;
  }
}

function linesOf(change: ApplyChange, color: boolean): string {
  const before = change.action === 'create' ? [] : toLines(change.before.text);
  const after = change.action === 'delete' ? [] : toLines(change.write.text);
  return withContext(diffLines(before, after))
    .map((line) => (line === undefined ? '    …\n' : paint(line, color)))
    .join('');
}

function paint([mark, text]: Line, color: boolean): string {
  const line = `  ${mark} ${printable(text)}`;
  return mark !== ' ' && color ? `${COLORS[mark]}${line}${RESET}\n` : `${line}\n`;
}

/** What stands in a parameter is other people's words and may be anything. */
function toLines(text: string): string[] {
  try {
    return stringify(JSON.parse(text), { lineWidth: 110 }).trimEnd().split('\n');
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return text.split('\n');
  }
}

/** The fewest lines that come and go (longest common subsequence); documents are small. */
export function diffLines(before: readonly string[], after: readonly string[]): Line[] {
  const width = after.length + 1;
  const common = new Uint16Array((before.length + 1) * width);
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      const down = common[(i + 1) * width + j]!;
      const right = common[i * width + j + 1]!;
      common[i * width + j] = before[i] === after[j] ? common[(i + 1) * width + j + 1]! + 1 : Math.max(down, right);
    }
  }
  const lines: Line[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    const down = i < before.length ? common[(i + 1) * width + j]! : -1;
    const right = j < after.length ? common[i * width + j + 1]! : -1;
    if (i < before.length && j < after.length && before[i] === after[j]) {
      lines.push([' ', before[i]!]);
      i += 1;
      j += 1;
    } else if (down >= right) {
      lines.push(['-', before[i]!]);
      i += 1;
    } else {
      lines.push(['+', after[j]!]);
      j += 1;
    }
  }
  return lines;
}

/** Only what is near a change; undefined stands for lines left out. */
function withContext(lines: readonly Line[]): (Line | undefined)[] {
  const isNear = lines.map((_, index) =>
    lines.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some(([mark]) => mark !== ' '),
  );
  const shown: (Line | undefined)[] = [];
  for (const [index, line] of lines.entries()) {
    if (isNear[index]) shown.push(line);
    else if (index === 0 || isNear[index - 1]) shown.push(undefined);
  }
  return shown;
}
