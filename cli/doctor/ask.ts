import { outcomeOf } from '../../shared/aws/classify.ts';
import type { Failure } from '../../shared/ports/outcome.ts';
import { actionOfTarget } from '../account/wire.ts';
import { type Finding, notChecked, type Patient } from './finding.ts';

/** What one question to AWS came to: a check needs to know "it is not there" from "I may not look". */
export type Answer<T> =
  | { readonly kind: 'found'; readonly value: T }
  | { readonly kind: 'gone' }
  | { readonly kind: 'denied'; readonly action: string }
  | { readonly kind: 'unanswered'; readonly failure: Failure };

const GONE =
  /^(NoSuchEntity|NoSuchKey|NoSuchBucket|NotFound|RepositoryNotFound|ImageNotFound|InvalidVpcID\.NotFound|InvalidVpcId)/;

/** `action`: what has to be allowed, where the call's own name does not say it. */
export async function ask<T>(call: string, send: () => Promise<T>, action?: string): Promise<Answer<T>> {
  let status: number | undefined;
  const outcome = await outcomeOf(call, async () => {
    try {
      return await send();
    } catch (error) {
      // S3 answers a HEAD without a body, so without a code: only the status tells.
      status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
      throw error;
    }
  });
  if (outcome.ok) return { kind: 'found', value: outcome.value };
  const { failure } = outcome;
  if (GONE.test(failure.code) || status === 404) return { kind: 'gone' };
  if (failure.class === 'permission' || status === 403) {
    return { kind: 'denied', action: action ?? actionOfTarget(call) };
  }
  return { kind: 'unanswered', failure };
}

/** What is said where a question had no answer: nobody takes silence for health. */
export function unanswered(
  { account }: Patient,
  check: string,
  what: string,
  answer: Answer<unknown>,
): readonly Finding[] {
  if (answer.kind === 'denied') {
    const advice = 'allow it, or look by hand: docs/cli.md lists what doctor needs';
    return [
      {
        level: 'warning',
        check,
        subject: what,
        found: `AWS refused ${answer.action}, so it was not looked at`,
        advice,
      },
    ];
  }
  return answer.kind === 'unanswered' ? [notChecked(check, account.explainFailure(answer.failure), what)] : [];
}
