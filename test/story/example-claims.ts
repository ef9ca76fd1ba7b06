import type { EndpointResult, RehearsalResult } from '../../rehearsal/result.ts';

/** A line of an example's README, with the figures as its scenario's run has them, and whether it is worth claiming. */
export interface Claim {
  readonly says: string;
  readonly holds: boolean;
}

/** What the README of each folder of examples/ claims. A new folder gets a row. */
export const CLAIMS: Readonly<Record<string, (result: RehearsalResult) => readonly Claim[]>> = {
  'office-hours': (result) => {
    const assistant = endpointOf(result, 'assistant');
    const { ready, all } = windowsOf(assistant);
    return [
      saves(assistant, 0.65),
      { says: `ready by 08:00 on ${ready} of ${all} working days`, holds: all === 3 && ready === all },
      failsNothing(assistant),
    ];
  },
  'batch-at-night': (result) => {
    const forecast = endpointOf(result, 'forecast');
    const { ready, all } = windowsOf(forecast);
    return [
      saves(forecast, 0.8),
      { says: `both instances ready by 01:00 on ${ready} of ${all} nights`, holds: all === 7 && ready === all },
      failsNothing(forecast),
    ];
  },
  'async-transcription': (result) => {
    const transcribe = endpointOf(result, 'transcribe');
    const { ready, all } = windowsOf(transcribe);
    const slowest = (transcribe.latency?.worstHourP95 ?? Number.POSITIVE_INFINITY) / 60;
    return [
      saves(transcribe, 0.4),
      { says: `ready by 08:00 on ${ready} of ${all} working days`, holds: all === 3 && ready === all },
      { says: `95 % of the evening's recordings are done within ${Math.ceil(slowest)} minutes`, holds: slowest < 40 },
      failsNothing(transcribe),
    ];
  },
  'bursty-api': (result) => {
    const checkout = endpointOf(result, 'checkout');
    const worst = checkout.latency?.worstHourP95 ?? Number.POSITIVE_INFINITY;
    return [
      saves(checkout, 0.4),
      { says: `95 % of the answers of the worst hour come within ${worst.toFixed(2)} s`, holds: worst < 1 },
      failsNothing(checkout),
    ];
  },
  'llm-streams': (result) => {
    const assistant = endpointOf(result, 'assistant');
    const { cut, total } = assistant.requests;
    const windows = assistant.windows.filter(({ during }) => during === 'office');
    const { ready, all } = windowsOf({ ...assistant, windows });
    return [
      { says: `${cut} of ${total} streams cut`, holds: cut === 0 && total > 0 },
      failsNothing(assistant),
      saves(assistant, 0.2),
      { says: `ready by 08:00 on ${ready} of ${all} days`, holds: all === 3 && ready === all },
    ];
  },
  'multi-model-components': (result) => {
    const models = endpointOf(result, 'models');
    const { assistant, embed } = models.components ?? {};
    if (assistant === undefined || embed === undefined) throw new Error('no components assistant and embed');
    const { ready, all } = windowsOf(assistant);
    return [
      saves(models, 0.45),
      { says: `a copy of the assistant ready by 08:00 on ${ready} of ${all} days`, holds: all === 2 && ready === all },
      { ...failsNothing(embed), says: `the index waits for its first copy, and ${failsNothing(embed).says}` },
    ];
  },
  serverless: (result) => {
    const classifier = endpointOf(result, 'classifier');
    const windows = classifier.windows.filter(({ during }) => during === 'office');
    const { ready, all } = windowsOf({ windows });
    const { coldStarts, throttled } = classifier.serverless ?? { coldStarts: -1, throttled: -1 };
    const share = 1 - classifier.instanceHours.paid / classifier.instanceHours.alwaysOn;
    const { paid = 0, alwaysOn = 0 } = { ...result.bill.endpoints['classifier'] } as {
      paid?: number;
      alwaysOn?: number;
    };
    const p95 = classifier.latency?.p95 ?? Number.POSITIVE_INFINITY;
    return [
      { says: `saves ${(100 * share).toFixed(0)} % of the hours of provisioned concurrency`, holds: share > 0.6 },
      { says: `${paid.toFixed(0)} USD instead of ${alwaysOn.toFixed(0)}`, holds: paid > 0 && paid < 0.7 * alwaysOn },
      { says: `six units ready by 07:30 on ${ready} of ${all} days`, holds: all === 3 && ready === all },
      {
        says: `${coldStarts} of ${classifier.requests.total} requests waited for compute to start, ${throttled} were throttled`,
        holds: coldStarts > 0 && coldStarts < 100 && throttled === 0,
      },
      { says: `95 % of the answers come within ${p95.toFixed(1)} s`, holds: p95 < 1 },
      failsNothing(classifier),
    ];
  },
  'mixed-gpus': (result) => {
    const chat = endpointOf(result, 'chat');
    const worst = chat.latency?.worstHourP95 ?? Number.POSITIVE_INFINITY;
    const { paid, byType = {} } = chat.instanceHours;
    const share = (byType['ml.g6.xlarge'] ?? 0) / paid;
    return [
      { says: `${(100 * share).toFixed(0)} % of the instance hours are g6`, holds: share > 0.3 && share < 1 },
      { says: `95 % of the answers of the worst hour come within ${worst.toFixed(1)} s`, holds: worst < 1.5 },
      failsNothing(chat),
    ];
  },
};

export function endpointOf(result: RehearsalResult, name: string): EndpointResult {
  const endpoint = result.endpoints[name];
  if (endpoint === undefined) throw new Error(`no endpoint ${name} in ${result.scenario}`);
  return endpoint;
}

export function saves({ instanceHours }: EndpointResult, atLeast: number): Claim {
  const share = 1 - instanceHours.paid / instanceHours.alwaysOn;
  return { says: `saves ${(100 * share).toFixed(0)} % of the instance hours of always-on`, holds: share >= atLeast };
}

export function failsNothing({ requests }: Pick<EndpointResult, 'requests'>): Claim {
  const lost = requests.failed + requests.expired;
  return { says: `${lost} of ${requests.total} requests failed`, holds: lost === 0 && requests.total > 0 };
}

function windowsOf({ windows }: Pick<EndpointResult, 'windows'>): { readonly ready: number; readonly all: number } {
  return { ready: windows.filter(({ lateSeconds }) => lateSeconds === 0).length, all: windows.length };
}
