import type { Command } from 'commander';
import { MOST_DAYS } from '../account/metric-days.ts';
import { withAccountOptions } from '../account/options.ts';
import type { ScenarioOptions } from '../operate/scenario.ts';
import type { Io } from '../output.ts';

export function register(program: Command, io: Io): void {
  const command = program
    .command('scenario')
    .description('a ready scenario of the enrolled fleet, its documents and its traces: rehearse your own weeks')
    .option('--out <folder>', 'a folder that is not there yet, or empty', 'scenario')
    .option('--days <n>', `how far back, 1 to ${MOST_DAYS}`, String(MOST_DAYS))
    .option('--gaps <choice>', 'what to do about minutes without data; zero: no requests (default: refuse)');
  withAccountOptions(command).action(async (options: ScenarioOptions) => {
    const { runScenarioCommand } = await import('../operate/scenario.ts');
    await runScenarioCommand(io, options);
  });
}
