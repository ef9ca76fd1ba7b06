import { readFileSync } from 'node:fs';
import type { LocalAws } from '../../scripts/local/local-aws.ts';
import { aws } from './deployed-stack.ts';

const DAY_MS = 86_400_000;
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
/** Far from now on every day of the week: no window and no lead begins while the test runs. */
const windowDay = DAYS[new Date(Date.now() + 3 * DAY_MS).getUTCDay()];

export const DOCUMENTS = {
  'schedules/some-day': { timezone: 'UTC', open: [{ days: windowDay, from: '08:00', to: '19:00' }] },
  'policies/parked': {
    capacity: [{ during: 'some-day', min: 1, max: 2 }],
    otherwise: 'zero',
    zero: { by: 'park', idleFor: '5m', minUp: '1m' },
  },
  'policies/queue': { otherwise: { min: 0, max: 3 }, wake: { on: ['backlog'], backlogPerInstance: 5 } },
};

/** What the README says after `sam deploy` in the line that begins so. */
export function argumentsInReadme(command: string): readonly string[] {
  const line = readFileSync('README.md', 'utf8')
    .split('\n')
    .find((text) => text.startsWith(command));
  if (line === undefined) throw new Error(`README.md has no line ${command}`);
  return (line.split('sam deploy')[1] ?? '').split(' ').filter((word) => word !== '');
}

export async function putDocuments(local: LocalAws, prefix: string): Promise<void> {
  const puts = Object.entries(DOCUMENTS).map(([name, document]) => {
    const value = ['--name', `/${prefix}/${name}`, '--value', JSON.stringify(document)];
    return aws(local, 'ssm', 'put-parameter', '--type', 'String', ...value);
  });
  await Promise.all(puts);
}

/** A changed policy makes its endpoints due now. */
export async function changePolicy(
  local: LocalAws,
  name: 'parked',
  zero: Readonly<Record<string, unknown>>,
): Promise<void> {
  const document = DOCUMENTS[`policies/${name}`];
  const value = JSON.stringify({ ...document, zero: { ...document.zero, ...zero } });
  const parameter = `/endpoint-scaler/policies/${name}`;
  await aws(local, 'ssm', 'put-parameter', '--overwrite', '--name', parameter, '--value', value);
}

export async function putEvent(local: LocalAws, entry: Readonly<Record<string, unknown>>): Promise<void> {
  const answer = await aws(local, 'events', 'put-events', '--entries', JSON.stringify([entry]));
  if (answer['FailedEntryCount'] !== 0) throw new Error(`put-events: ${JSON.stringify(answer)}`);
}

export const requestWake = (local: LocalAws, endpoint: string): Promise<void> =>
  putEvent(local, {
    Source: 'endpoint-scaler.request',
    DetailType: 'Wake Requested',
    Detail: JSON.stringify({ endpoint, by: 'deployment test', why: 'needed again' }),
  });
