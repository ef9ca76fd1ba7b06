import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { createCandidateFinder } from '../../shared/aws/tagging.ts';
import { formatProblem } from '../../shared/documents/index.ts';
import { formatDate } from '../../shared/documents/values.ts';
import { DAY } from '../../shared/domain/time.ts';
import type { Candidate } from '../../shared/ports/documents-source.ts';
import { findProblems } from '../account/documents.ts';
import { plural } from '../printable.ts';
import { type Check, type Finding, orOk, type Patient, unread } from './finding.ts';

/** The functions warn by event from then on. */
const HOLIDAYS_WARNING = 60;

export const checkDocuments: Check = async (patient) => {
  const check = 'documents';
  const { documents, fleet, account } = patient;
  if (documents === undefined) return [];
  const problems = findProblems(documents, fleet.now).map(
    ({ parameter, problem }): Finding => ({
      level: 'error',
      check,
      subject: parameter,
      found: formatProblem(problem),
      advice: 'mend the document; until then nothing of its endpoints is parked or lowered',
    }),
  );
  const invalid = fleet.records.flatMap(({ endpoint, invalid }): Finding[] =>
    invalid === undefined
      ? []
      : [
          {
            level: 'error',
            check,
            subject: endpoint,
            found: invalid.problem,
            advice: 'mend the document that it names',
          },
        ],
  );
  const count = `below /${account.prefix}/, ${plural(documents.schedules.size, 'schedule')} and ${documents.policies.size} policies, all valid`;
  return [...orOk([...problems, ...invalid], check, count), ...holidaysEnding(patient)];
};

function holidaysEnding({ documents, fleet }: Patient): readonly Finding[] {
  const today = Math.floor(fleet.now / DAY);
  return [...(documents?.schedules.values() ?? [])].flatMap(({ parameter, parsed }): Finding[] => {
    const until = parsed.ok ? parsed.value.holidaysUntil : undefined;
    if (until === undefined || until - today > HOLIDAYS_WARNING) return [];
    const found = `its holidays are known until ${formatDate(until)} only`;
    return [
      {
        level: 'warning',
        check: 'holidays',
        subject: parameter,
        found,
        advice: 'run endpoint-scaler apply again: it compiles three years',
      },
    ];
  });
}

/** What the tagging API knows of and the fleet does not, and the reverse. */
export const checkEnrolment: Check = async (patient) => {
  const check = 'enrolment';
  const { account, fleet, documents } = patient;
  const finder = createCandidateFinder(account.runtime.clientOf(ResourceGroupsTaggingAPIClient), account.prefix);
  const candidates = await finder.candidates();
  if (!candidates.ok) return unread(patient, check, candidates);
  const enrolled = new Set(fleet.records.map(({ arn }) => arn.toLowerCase()));
  const strangers = candidates.value.filter(({ arn }) => !enrolled.has(arn.toLowerCase()));
  const findings = strangers.flatMap((candidate) => judgeStranger(patient, candidate));
  const unknown = fleet.records.filter(
    ({ policyName }) => documents !== undefined && !documents.policies.has(policyName),
  );
  const policies = unknown.map(
    ({ endpoint, policyName }): Finding => ({
      level: 'error',
      check,
      subject: endpoint,
      found: `its tag names the policy ${policyName}, and there is none of that name`,
      advice: `write /${account.prefix}/policies/${policyName}, or change the tag`,
    }),
  );
  return orOk(
    [...findings, ...policies],
    check,
    `${plural(fleet.records.length, 'endpoint')} enrolled, each with a policy`,
  );
};

function judgeStranger({ account }: Patient, { arn, tags }: Candidate): readonly Finding[] {
  const policy = tags[`${account.prefix}:policy`] ?? '';
  return [
    {
      level: 'warning',
      check: 'enrolment',
      subject: arn.slice(arn.lastIndexOf('/') + 1),
      found: `is tagged with the policy ${policy}, and is not in the fleet`,
      advice: 'it was tagged a moment ago, was just deleted, or is of a kind that is not supported',
    },
  ];
}
