import type { Command } from 'commander';
import { MOST_DAYS } from '../account/metric-days.ts';
import { withAccountOptions } from '../account/options.ts';
import type { TraceOptions } from '../operate/trace.ts';
import type { Io } from '../output.ts';

export function register(program: Command, io: Io): void {
  const command = program
    .command('trace')
    .description("an endpoint's own requests of the last days as a trace file, minute_index,count; needs no stack")
    .argument('<endpoint>', 'its name')
    .option('--days <n>', `how far back, 1 to ${MOST_DAYS}`, String(MOST_DAYS))
    .option('--out <file>', 'write the trace there (default: stdout)')
    .option('--gaps <choice>', 'what to do about minutes without data; zero: no requests (default: refuse)');
  withAccountOptions(command).action(async (endpoint: string, options: TraceOptions) => {
    const { runTrace } = await import('../operate/trace.ts');
    await runTrace(io, endpoint, options);
  });
}
